package apiserver

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/gentype"
	"k8s.io/client-go/rest"

	v1 "castellan.io/castellan/api/v1"
)

type (
	// Secrets are those of one namespace.
	Secrets = gentype.ClientWithList[*corev1.Secret, *corev1.SecretList]
	// Topics are the KafkaTopics of one namespace.
	Topics = gentype.ClientWithList[*v1.KafkaTopic, *v1.KafkaTopicList]
	// Users are the KafkaUsers of one namespace.
	Users = gentype.ClientWithList[*v1.KafkaUser, *v1.KafkaUserList]
)

// Client is a connection to an API server.
type Client struct {
	core, kafka rest.Interface
	parameters  runtime.ParameterCodec
}

// Connect prepares a connection; nothing is sent yet. How many requests are under way is for callers to bound.
func Connect(to *rest.Config) (*Client, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	shared, err := rest.HTTPClientFor(to)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	group := func(path string, version schema.GroupVersion) (rest.Interface, error) {
		config := rest.CopyConfig(to)
		config.QPS = -1
		config.APIPath, config.GroupVersion = path, &version
		config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
		return rest.RESTClientForConfigAndClient(config, shared)
	}
	core, err1 := group("/api", corev1.SchemeGroupVersion)
	kafka, err2 := group("/apis", v1.GroupVersion())
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &Client{core: core, kafka: kafka, parameters: runtime.NewParameterCodec(scheme)}, nil
}

// Secrets are those of a namespace. They come in Kubernetes' binary form, which custom resources do not have.
func (c *Client) Secrets(namespace string) *Secrets {
	return gentype.NewClientWithList("secrets", c.core, c.parameters, namespace,
		func() *corev1.Secret { return &corev1.Secret{} }, func() *corev1.SecretList { return &corev1.SecretList{} },
		gentype.PrefersProtobuf[*corev1.Secret]())
}

// Topics are the KafkaTopics of a namespace.
func (c *Client) Topics(namespace string) *Topics {
	return gentype.NewClientWithList("kafkatopics", c.kafka, c.parameters, namespace,
		func() *v1.KafkaTopic { return &v1.KafkaTopic{} }, func() *v1.KafkaTopicList { return &v1.KafkaTopicList{} })
}

// Users are the KafkaUsers of a namespace.
func (c *Client) Users(namespace string) *Users {
	return gentype.NewClientWithList("kafkausers", c.kafka, c.parameters, namespace,
		func() *v1.KafkaUser { return &v1.KafkaUser{} }, func() *v1.KafkaUserList { return &v1.KafkaUserList{} })
}
