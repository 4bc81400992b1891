package listener

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"strconv"
	"strings"
)

// Broker identifies a broker in the user's templates.
type Broker struct {
	// ID of the node and Name of its instance.
	ID   int32
	Name string
}

func (b Broker) fill(template string) string {
	return strings.NewReplacer("{nodeId}", strconv.Itoa(int(b.ID)), "{nodePodName}", b.Name).Replace(template)
}

// AdvertisedHost is the host that the user wants a broker to tell clients; empty when the user does not say.
func (l Listener) AdvertisedHost(b Broker) string {
	if host := l.Broker(b.ID).AdvertisedHost; host != "" {
		return host
	}
	return b.fill(l.Spec.Configuration.AdvertisedHostTemplate)
}

// AdvertisedPort is the port that a broker tells clients.
func (l Listener) AdvertisedPort(b Broker) (int32, error) {
	if port := l.Broker(b.ID).AdvertisedPort; port != nil {
		return *port, nil
	}
	template := l.Spec.Configuration.AdvertisedPortTemplate
	if template == "" {
		return l.Spec.Port, nil
	}
	port, err := evaluate(b.fill(template))
	if err != nil {
		return 0, fmt.Errorf("%s.configuration.advertisedPortTemplate: %q %w", l.Path, template, err)
	}
	if port < 1 || port > 65535 {
		return 0, fmt.Errorf("%s.configuration.advertisedPortTemplate: %q gives %d for node %d; a port is between 1 and 65535", l.Path, template, port, b.ID)
	}
	return int32(port), nil
}

// BrokerLabels are the user's labels for the endpoint of a broker.
func (l Listener) BrokerLabels(b Broker) map[string]string {
	return b.either(l.Broker(b.ID).Labels, l.Spec.Configuration.PerBrokerLabelsTemplate)
}

// BrokerAnnotations are the user's annotations for the endpoint of a broker.
func (l Listener) BrokerAnnotations(b Broker) map[string]string {
	return b.either(l.Broker(b.ID).Annotations, l.Spec.Configuration.PerBrokerAnnotationsTemplate)
}

// either prefers what is said for the broker alone over what is said for all.
func (b Broker) either(own, template map[string]string) map[string]string {
	if len(own) > 0 {
		return maps.Clone(own)
	}
	filled := make(map[string]string, len(template))
	for key, value := range template {
		filled[b.fill(key)] = b.fill(value)
	}
	return filled
}

var (
	arithmetic  = regexp.MustCompile(`^[0-9.+\-*() ]{1,200}$`)
	leadingZero = regexp.MustCompile(`(^|[^0-9.])0+([0-9])`)
)

// evaluate computes an expression of decimal numbers, + - * and parentheses, and cuts off the fraction.
func evaluate(expression string) (int64, error) {
	if !arithmetic.MatchString(expression) {
		return 0, fmt.Errorf("is not a calculation; use numbers, {nodeId}, + - * and parentheses")
	}
	// To Go's parser a leading zero means base eight.
	tree, err := parser.ParseExpr(leadingZero.ReplaceAllString(expression, "$1$2"))
	if err != nil {
		return 0, fmt.Errorf("is not a calculation; check operators and parentheses")
	}
	value := compute(tree)
	if value.Kind() == constant.Unknown {
		return 0, fmt.Errorf("is not a calculation; check operators and parentheses")
	}
	fraction, _ := constant.Float64Val(constant.ToFloat(value))
	return int64(fraction), nil
}

func compute(tree ast.Expr) constant.Value {
	switch e := tree.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.ParenExpr:
		return compute(e.X)
	case *ast.UnaryExpr:
		return constant.UnaryOp(e.Op, compute(e.X), 0)
	case *ast.BinaryExpr:
		if e.Op == token.ADD || e.Op == token.SUB || e.Op == token.MUL {
			return constant.BinaryOp(compute(e.X), e.Op, compute(e.Y))
		}
	}
	return constant.MakeUnknown()
}
