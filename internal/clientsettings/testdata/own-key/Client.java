// Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener mutual.
// They are for Kafka's own client: org.apache.kafka:kafka-clients.
// Missing is what the user keeps: the key of its certificate request, in user.key.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

import org.apache.kafka.clients.admin.Admin;

public class Client {
    /** The directory with ca.crt, user.crt and user.key. */
    private static final Path DIRECTORY = Path.of(".");

    static Properties settings() throws IOException {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", "a.example.com:9093,b.example.com:9093");
        settings.put("security.protocol", "SSL");
        settings.put("ssl.truststore.type", "PEM");
        settings.put("ssl.truststore.certificates", file("ca.crt"));
        settings.put("ssl.keystore.type", "PEM");
        settings.put("ssl.keystore.certificate.chain", file("user.crt"));
        settings.put("ssl.keystore.key", file("user.key"));
        return settings;
    }

    private static String file(String name) throws IOException {
        return Files.readString(DIRECTORY.resolve(name));
    }

    public static void main(String[] arguments) throws Exception {
        try (Admin admin = Admin.create(settings())) {
            System.out.println("connected to cluster " + admin.describeCluster().clusterId().get());
        }
    }
}
