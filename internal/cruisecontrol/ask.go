package cruisecontrol

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// largest is how many bytes of an answer are read: errors come with the traces of all their causes.
const largest = 4 << 20

// answer is a response whose status is a success.
type answer struct {
	header http.Header
	body   []byte
}

// ask sends one request; path begins with the name of the endpoint.
func (c *Client) ask(ctx context.Context, method, path string, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	config, err := c.tls()
	if err != nil {
		return answer{}, err
	}
	request, err := c.request(ctx, method, path, body)
	if err != nil {
		return answer{}, err
	}
	response, err := client(config).Do(request)
	if err != nil {
		return answer{}, unanswered(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, largest))
	if err != nil {
		return answer{}, unanswered(err)
	}
	if !accepted(response) {
		return answer{}, refusal(response.StatusCode, text)
	}
	return answer{header: response.Header, body: text}, nil
}

// accepted tells whether Cruise Control took the request up. It says 202 for a task that takes longer to begin than it
// lets requests wait (webserver.request.maxBlockTimeMs).
func accepted(response *http.Response) bool {
	return response.StatusCode == http.StatusOK ||
		response.StatusCode == http.StatusAccepted && response.Header.Get("User-Task-ID") != ""
}

// client keeps no connections: it is asked rarely, and what it trusts changes. Credentials do not follow redirections.
func client(config *tls.Config) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: config},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (c *Client) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	scheme := "http"
	if c.settings.CAFile != "" {
		scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, method, scheme+"://"+c.settings.Address+"/kafkacruisecontrol/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request to Cruise Control: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.settings.UserFile == "" {
		return request, nil
	}
	user, err := credential("username", c.settings.UserFile)
	if err != nil {
		return nil, err
	}
	password, err := credential("password", c.settings.PasswordFile)
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(user, password)
	return request, nil
}

func credential(what, path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read Cruise Control's %s: %w", what, err)
	}
	line := strings.TrimRight(string(text), "\r\n")
	if line == "" {
		return "", fmt.Errorf("Cruise Control %s is not set: %s is empty", what, path)
	}
	return line, nil
}

// tls is nil if the connection is not encrypted.
func (c *Client) tls() (*tls.Config, error) {
	if c.settings.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.settings.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read Cruise Control's certificate authority: %w", err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("Cruise Control certificate is not set: %s holds no certificate in PEM", c.settings.CAFile)
	}
	return &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}, nil
}

// unanswered says in short why there is no answer. What the caller cancelled stays recognizable.
func unanswered(err error) error {
	var timeout interface{ Timeout() bool }
	var invalid *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("request cancelled: %w", context.Canceled)
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("request timed out")
	case errors.As(err, &invalid):
		return fmt.Errorf("Connection failed, %w", invalid)
	default:
		return fmt.Errorf("Connection failed, %s", cause(err))
	}
}

// cause is what went wrong without what differs from one time to the next, such as ports: it becomes part of statuses.
func cause(err error) string {
	if code, is := errors.AsType[syscall.Errno](err); is {
		return code.Error()
	}
	if lookup, is := errors.AsType[*net.DNSError](err); is {
		return "no such host: " + lookup.Name
	}
	if request, is := errors.AsType[*url.Error](err); is {
		return request.Err.Error()
	}
	return err.Error()
}
