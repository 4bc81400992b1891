# Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener mutual.
# They are for confluent-kafka: pip install confluent-kafka

from pathlib import Path

from confluent_kafka.admin import AdminClient

# The directory with ca.crt, user.crt and user.key.
DIRECTORY = Path(".")

settings = {
    "bootstrap.servers": "a.example.com:9093,b.example.com:9093",
    "security.protocol": "SSL",
    "ssl.ca.location": str(DIRECTORY / "ca.crt"),
    "ssl.certificate.location": str(DIRECTORY / "user.crt"),
    "ssl.key.location": str(DIRECTORY / "user.key"),
}

if __name__ == "__main__":
    for topic in AdminClient(settings).list_topics(timeout=10).topics:
        print(topic)
