/**
 * TLS for Kafka from certificate files that change while Kafka runs.
 *
 * <p>Kafka reloads key stores of broker listeners when told to through its Admin API, but neither those of dedicated
 * controllers nor what outgoing connections show (replica fetchers, Raft, channels to the controller). Every connection
 * asks an {@link org.apache.kafka.common.security.auth.SslEngineFactory} (KIP-519) for its TLS engine, so this package
 * puts the reloading there: one mechanism for every listener and every direction.
 */
package io.castellan.kafka.tls;
