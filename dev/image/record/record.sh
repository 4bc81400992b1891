#!/bin/sh
# Runs a small cluster and its tools inside the Kafka image's tree and writes the
# classes each JVM loaded to /tmp/recorded/*.classes. Uses ports 39090-39096 of
# the loopback interface.
set -eu
mkdir -p /tmp/recorded /tmp/record
cd /tmp/record
classpath=$(cat /opt/kafka/cds/classpath)
cluster=4L6g3nShT-eMCtK--X86sw

# One key pair signs and serves everybody: the handshake is what matters.
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
  -subj /CN=localhost -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>openssl.log
openssl pkcs8 -topk8 -nocrypt -in key.pem -out store.pem
cat cert.pem >>store.pem

cat >client.properties <<EOF
security.protocol=SSL
ssl.keystore.type=PEM
ssl.keystore.location=/tmp/record/store.pem
ssl.truststore.type=PEM
ssl.truststore.location=/tmp/record/cert.pem
EOF
cat >scram.properties <<EOF
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="anna" password="anna-secret";
ssl.truststore.type=PEM
ssl.truststore.location=/tmp/record/cert.pem
EOF

# node ID ROLES PORT: writes node-ID.properties.
node() {
  listeners="TLS://127.0.0.1:$3,SCRAM://127.0.0.1:$(($3 + 1))"
  [ "$2" = broker ] || listeners="$listeners,CONTROLLER://127.0.0.1:39090"
  cat >"node-$1.properties" <<EOF
process.roles=$2
node.id=$1
controller.quorum.voters=1@127.0.0.1:39090
controller.listener.names=CONTROLLER
inter.broker.listener.name=TLS
listeners=$listeners
advertised.listeners=TLS://127.0.0.1:$3,SCRAM://127.0.0.1:$(($3 + 1))
listener.security.protocol.map=CONTROLLER:SSL,TLS:SSL,SCRAM:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.scram.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=/tmp/record/store.pem
ssl.truststore.type=PEM
ssl.truststore.location=/tmp/record/cert.pem
ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=localhost;User:anna
log.dirs=/tmp/record/data-$1
num.partitions=2
offsets.topic.replication.factor=2
transaction.state.log.replication.factor=2
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=2
share.coordinator.state.topic.min.isr=1
EOF
}

# recording NAME CLASS ARGUMENT...: runs a class and keeps what it loaded.
recording() {
  name=$1
  shift
  /opt/java/bin/java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
    "-XX:DumpLoadedClassList=/tmp/recorded/$name.classes" \
    "-Dlog4j2.configurationFile=/opt/kafka/config/$log4j" -cp "$classpath" "$@"
}

started() {
  i=0
  until grep -q 'Kafka Server started' "node-$1.log"; do
    i=$((i + 1))
    [ $i -lt 240 ] || { tail -5 "node-$1.log"; exit 1; }
    sleep 0.5
  done
}

# tool NAME ARGUMENT...: records one of the image's tools; what it prints
# does not matter.
tool() {
  script=$1
  recorded=$1-$2
  shift
  export KAFKA_OPTS="-XX:DumpLoadedClassList=/tmp/recorded/$recorded.classes"
  "/opt/kafka/bin/$script.sh" "$@" >>tools.log 2>&1 || echo "note: $script $* failed" >&2
}

node 1 broker,controller 39091
node 2 broker 39094
log4j=tools-log4j2.yaml
recording format kafka.tools.StorageTool format -t $cluster -c node-1.properties \
  --add-scram 'SCRAM-SHA-512=[name=anna,password=anna-secret]' >tools.log
recording format-2 kafka.tools.StorageTool format -t $cluster -c node-2.properties >>tools.log
log4j=log4j2.yaml
recording node-1 kafka.Kafka node-1.properties >node-1.log 2>&1 &
first=$!
recording node-2 kafka.Kafka node-2.properties >node-2.log 2>&1 &
second=$!
trap 'kill $first $second 2>/dev/null || true' EXIT
started 1
started 2

tls="--bootstrap-server 127.0.0.1:39091 --command-config client.properties"
scram="--bootstrap-server 127.0.0.1:39092 --command-config scram.properties"
# The options are lists of words and meant to be split.
# shellcheck disable=SC2086
{
  tool kafka-topics --create --topic t --partitions 2 --replication-factor 2 $tls
  tool kafka-topics --describe $scram
  tool kafka-topics --list $tls
  tool kafka-configs --alter --entity-type topics --entity-name t --add-config retention.ms=3600000 $tls
  tool kafka-configs --describe --entity-type brokers --entity-name 1 --all $tls
  tool kafka-acls --add --allow-principal User:bert --operation Read --topic t $tls
  tool kafka-acls --list $tls
  seq 100 >input
  tool kafka-console-producer --topic t --bootstrap-server 127.0.0.1:39091 --command-config client.properties <input
  tool kafka-console-producer --property acks=all --topic t --bootstrap-server 127.0.0.1:39092 --command-config scram.properties <input
  tool kafka-producer-perf-test --topic t --num-records 1000 --record-size 100 --throughput -1 --bootstrap-server 127.0.0.1:39091 --command-config client.properties
  tool kafka-console-consumer --topic t --from-beginning --max-messages 10 --group g --bootstrap-server 127.0.0.1:39091 --command-config client.properties
  tool kafka-console-share-consumer --topic t --max-messages 1 --timeout-ms 5000 --bootstrap-server 127.0.0.1:39091 --command-config client.properties
  tool kafka-consumer-groups --describe --all-groups $tls
  tool kafka-groups --list $tls
  tool kafka-share-groups --list $tls
  tool kafka-get-offsets --topic t $tls
  tool kafka-metadata-quorum $tls describe --status
  tool kafka-broker-api-versions $tls
  tool kafka-log-dirs --describe $tls
  tool kafka-features $tls describe
  tool kafka-leader-election --election-type preferred --all-topic-partitions --bootstrap-server 127.0.0.1:39091 --admin.config client.properties
  tool kafka-topics --delete --topic t $tls
}
kill -TERM $second
wait $second || true
kill -TERM $first
wait $first || true
trap - EXIT
