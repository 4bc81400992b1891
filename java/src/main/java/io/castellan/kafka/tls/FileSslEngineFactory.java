package io.castellan.kafka.tls;

import java.security.KeyStore;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.security.auth.SslEngineFactory;

/**
 * Makes TLS engines from PEM files as they are at that moment.
 *
 * <p>{@code ssl.keystore.location} names the file of a certificate chain, {@code NAME.crt}; its private key is in
 * {@code NAME.key} beside it, PKCS#8 without password. {@code ssl.truststore.location} names a file of trusted
 * certificates, in PEM or in any other form that Kafka takes. Either may be missing. All other {@code ssl.*} options mean what they
 * mean to Kafka.
 *
 * <p>Connections that exist keep what they agreed on. When files that have changed cannot be used, the engines stay as they
 * were and the log says why; another change is another try.
 */
public final class FileSslEngineFactory implements SslEngineFactory {
    private Map<String, Object> options = Map.of();
    private LiveEngines engines;

    /** Loads the files, and fails if they cannot be used: there is nothing yet to go on with. */
    @Override
    public void configure(Map<String, ?> configs) {
        options = sslOptions(configs);
        engines = LiveEngines.of(options);
    }

    @Override
    public SSLEngine createClientSslEngine(String peerHost, int peerPort, String endpointIdentification) {
        return engines.current().createClientSslEngine(peerHost, peerPort, endpointIdentification);
    }

    @Override
    public SSLEngine createServerSslEngine(String peerHost, int peerPort) {
        return engines.current().createServerSslEngine(peerHost, peerPort);
    }

    /** The files are followed anyway: only other options need another factory. */
    @Override
    public boolean shouldBeRebuilt(Map<String, Object> nextConfigs) {
        return !sslOptions(nextConfigs).equals(options);
    }

    @Override
    public Set<String> reconfigurableConfigs() {
        return SslConfigs.RECONFIGURABLE_CONFIGS;
    }

    @Override
    public KeyStore keystore() {
        return engines.current().keystore();
    }

    @Override
    public KeyStore truststore() {
        return engines.current().truststore();
    }

    @Override
    public void close() {
        // Engines are shared with the other listeners that have the same options.
    }

    private static Map<String, Object> sslOptions(Map<String, ?> configs) {
        Map<String, Object> chosen = new HashMap<>();
        configs.forEach((name, value) -> {
            if (name.startsWith("ssl.") && value != null) {
                chosen.put(name, value);
            }
        });
        return chosen;
    }
}
