// Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener own.
// They are for franz-go: go get github.com/twmb/franz-go
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// directory has password.
const directory = "."

func settings() ([]kgo.Opt, error) {
	password, err := os.ReadFile(filepath.Join(directory, "password"))
	if err != nil {
		return nil, err
	}
	return []kgo.Opt{
		kgo.SeedBrokers("a.example.com:9093", "b.example.com:9093"),
		kgo.SASL(scram.Auth{User: "my-user", Pass: string(password)}.AsSha256Mechanism()),
	}, nil
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	options, err := settings()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	limited, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := client.Ping(limited); err != nil {
		return err
	}
	fmt.Println("Kafka answers")
	return nil
}
