// Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener plain.
// They are for Kafka's own client: org.apache.kafka:kafka-clients.
// The user has no authentication: on this listener, Kafka does not know who its clients are.

import java.util.Properties;

import org.apache.kafka.clients.admin.Admin;

public class Client {
    static Properties settings() {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", "a.example.com:9093,b.example.com:9093");
        settings.put("security.protocol", "PLAINTEXT");
        return settings;
    }

    public static void main(String[] arguments) throws Exception {
        try (Admin admin = Admin.create(settings())) {
            System.out.println("connected to cluster " + admin.describeCluster().clusterId().get());
        }
    }
}
