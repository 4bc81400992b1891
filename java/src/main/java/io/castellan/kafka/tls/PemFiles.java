package io.castellan.kafka.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.config.types.Password;

/** The files of certificates and keys, and Kafka's options that hold their content. */
final class PemFiles {
    private static final String PEM = "PEM";
    private static final String CHAIN = ".crt";
    private static final String KEY = ".key";

    private PemFiles() {}

    /** One file as it is at a moment; Kubernetes gives a changed volume another real path. */
    record FileVersion(Path path, FileTime changed, long size) {
        static FileVersion of(Path file) throws IOException {
            Path real = file.toRealPath();
            return new FileVersion(real, Files.getLastModifiedTime(real), Files.size(real));
        }
    }

    /** The files at a moment; what an option does not name is null. */
    record Version(FileVersion chain, FileVersion key, FileVersion trust) {}

    /** Looks at the files. The key is taken from where the chain really is, so that both are of the same issue. */
    static Version version(Path chain, Path trust) throws IOException {
        FileVersion chainNow = null;
        FileVersion keyNow = null;
        if (chain != null) {
            chainNow = FileVersion.of(chain);
            keyNow = FileVersion.of(keyOf(chainNow.path()));
        }
        return new Version(chainNow, keyNow, trust == null ? null : FileVersion.of(trust));
    }

    /** The options with the files' content in the place of their names. */
    static Map<String, Object> inline(Map<String, Object> options, Version version) throws IOException {
        Map<String, Object> inlined = new HashMap<>(options);
        if (version.chain() != null) {
            inlined.remove(SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG);
            inlined.put(SslConfigs.SSL_KEYSTORE_CERTIFICATE_CHAIN_CONFIG, content(version.chain()));
            inlined.put(SslConfigs.SSL_KEYSTORE_KEY_CONFIG, content(version.key()));
        }
        if (version.trust() != null && PEM.equals(options.get(SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG))) {
            inlined.remove(SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG);
            inlined.put(SslConfigs.SSL_TRUSTSTORE_CERTIFICATES_CONFIG, content(version.trust()));
        }
        return inlined;
    }

    private static Password content(FileVersion file) throws IOException {
        return new Password(Files.readString(file.path()));
    }

    private static Path keyOf(Path chain) throws IOException {
        String name = chain.getFileName().toString();
        if (!name.endsWith(CHAIN)) {
            throw new IOException(chain + " must end in " + CHAIN + ": its key is expected beside it, in " + KEY);
        }
        return chain.resolveSibling(name.substring(0, name.length() - CHAIN.length()) + KEY);
    }
}
