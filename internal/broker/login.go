package broker

import (
	"context"
	"fmt"

	"golang.org/x/oauth2/clientcredentials"

	"castellan.io/castellan/internal/clientconfig"
)

// Login is how a client with such a configuration logs in; nil where it does not.
func Login(s *clientconfig.SASL) *SASL {
	if s == nil {
		return nil
	}
	return &SASL{Mechanism: s.Mechanism, Username: s.Username, Password: s.Password, Token: tokens(s)}
}

func tokens(s *clientconfig.SASL) func(context.Context) (string, error) {
	source := clientcredentials.Config{ClientID: s.ClientID, ClientSecret: s.ClientSecret, TokenURL: s.TokenURL, Scopes: s.Scopes}
	return func(ctx context.Context) (string, error) {
		token, err := source.Token(ctx)
		if err != nil {
			return "", fmt.Errorf("get a token from %s: %w", s.TokenURL, err)
		}
		return token.AccessToken, nil
	}
}
