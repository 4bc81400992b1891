// Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener own.
// They are for Kafka's own client: org.apache.kafka:kafka-clients.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

import org.apache.kafka.clients.admin.Admin;

public class Client {
    /** The directory with password. */
    private static final Path DIRECTORY = Path.of(".");

    static Properties settings() throws IOException {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", "a.example.com:9093,b.example.com:9093");
        settings.put("security.protocol", "SASL_PLAINTEXT");
        settings.put("sasl.mechanism", "SCRAM-SHA-256");
        settings.put("sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required"
            + " username=\"" + quoted("my-user") + "\" password=\"" + quoted(file("password")) + "\";");
        return settings;
    }

    private static String file(String name) throws IOException {
        return Files.readString(DIRECTORY.resolve(name));
    }

    private static String quoted(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "\\r");
    }

    public static void main(String[] arguments) throws Exception {
        try (Admin admin = Admin.create(settings())) {
            System.out.println("connected to cluster " + admin.describeCluster().clusterId().get());
        }
    }
}
