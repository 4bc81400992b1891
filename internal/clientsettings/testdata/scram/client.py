# Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener secure.
# They are for confluent-kafka 2.6.1 or newer, whose SCRAM Kafka 4 takes: pip install confluent-kafka

from pathlib import Path

from confluent_kafka.admin import AdminClient

# The directory with ca.crt and password.
DIRECTORY = Path(".")

settings = {
    "bootstrap.servers": "a.example.com:9093,b.example.com:9093",
    "security.protocol": "SASL_SSL",
    "ssl.ca.location": str(DIRECTORY / "ca.crt"),
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "o'brien \"ob\"",
    "sasl.password": (DIRECTORY / "password").read_bytes().decode(),
}

if __name__ == "__main__":
    for topic in AdminClient(settings).list_topics(timeout=10).topics:
        print(topic)
