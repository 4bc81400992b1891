// Package userimport makes KafkaUser resources for users about whom a Kafka cluster holds something and who have no resource yet: [Find]
// reads what there is, [Make] decides. What a resource says is what Kafka holds, so a user operator that sees it changes nothing.
//
// Kafka does not tell passwords. The resource of a user who has one names a Secret for it, without which a user operator refuses the
// resource and changes nothing either.
package userimport
