# Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener own.
# They are for confluent-kafka: pip install confluent-kafka
# Missing is who the client is: listener own has authentication of type custom, and the user has none here.

from pathlib import Path

from confluent_kafka.admin import AdminClient

# The directory with ca.crt.
DIRECTORY = Path(".")

settings = {
    "bootstrap.servers": "a.example.com:9093,b.example.com:9093",
    "security.protocol": "SASL_SSL",
    "ssl.ca.location": str(DIRECTORY / "ca.crt"),
}

if __name__ == "__main__":
    for topic in AdminClient(settings).list_topics(timeout=10).topics:
        print(topic)
