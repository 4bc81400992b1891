package io.castellan.kafka.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka's own engine factory, replaced when the files change that it was made from.
 *
 * <p>Listeners and clients with equal options share one: a server has a dozen of them, and each would load the same
 * files into a TLS context of its own.
 */
final class LiveEngines {
    private static final Logger LOG = LoggerFactory.getLogger(LiveEngines.class);
    private static final Map<Map<String, Object>, LiveEngines> SHARED = new ConcurrentHashMap<>();

    private final Map<String, Object> options;
    private volatile Loaded loaded;
    /** What could not be used, not to be tried again until it changes; null if nothing. */
    private volatile PemFiles.Version refused;

    private record Loaded(PemFiles.Version version, DefaultSslEngineFactory engines) {}

    private LiveEngines(Map<String, Object> options) {
        this.options = options;
        try {
            this.loaded = load(versionNow());
        } catch (IOException e) {
            throw new KafkaException("reading the certificates of " + location() + ": " + e, e);
        }
    }

    /** Engines for the options, made once for all who ask with equal ones. */
    static LiveEngines of(Map<String, Object> options) {
        return SHARED.computeIfAbsent(options, LiveEngines::new);
    }

    /** The engines of the files as they are now, or of the last ones that could be used. */
    DefaultSslEngineFactory current() {
        try {
            PemFiles.Version now = versionNow();
            if (!now.equals(loaded.version) && !now.equals(refused)) {
                reload(now);
            }
        } catch (IOException e) {
            // A volume that is just being replaced: the next connection looks again.
            LOG.warn("Cannot look at the certificates of {}; going on with those loaded before: {}", location(), e.toString());
        }
        return loaded.engines;
    }

    private synchronized void reload(PemFiles.Version version) throws IOException {
        if (version.equals(loaded.version) || version.equals(refused)) {
            return;
        }
        try {
            loaded = load(version);
            refused = null;
            LOG.info("Certificates of {} loaded anew", location());
        } catch (RuntimeException e) {
            refused = version;
            LOG.error("The changed certificates of {} cannot be used; going on with those before", location(), e);
        }
    }

    private Loaded load(PemFiles.Version version) throws IOException {
        DefaultSslEngineFactory engines = new DefaultSslEngineFactory();
        engines.configure(PemFiles.inline(options, version));
        return new Loaded(version, engines);
    }

    private PemFiles.Version versionNow() throws IOException {
        return PemFiles.version(path(SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG), path(SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG));
    }

    private Path path(String option) {
        Object value = options.get(option);
        return value == null ? null : Path.of(value.toString());
    }

    private Object location() {
        return Objects.requireNonNullElse(options.get(SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG), options.get(SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG));
    }
}
