# Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener plain.
# They are for confluent-kafka: pip install confluent-kafka
# The user has no authentication: on this listener, Kafka does not know who its clients are.

from confluent_kafka.admin import AdminClient

settings = {
    "bootstrap.servers": "a.example.com:9093,b.example.com:9093",
    "security.protocol": "PLAINTEXT",
}

if __name__ == "__main__":
    for topic in AdminClient(settings).list_topics(timeout=10).topics:
        print(topic)
