package report

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// patience is how long a launcher may take: it shakes hands with each of its node's listeners.
const patience = 2 * time.Second

// HTTP asks launchers.
type HTTP struct{}

// Listeners asks the launcher at a host and port what its node's TLS listeners do.
func (HTTP) Listeners(ctx context.Context, address string) ([]Listener, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+Path, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", request.URL, response.Status)
	}
	var out []Listener
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", request.URL, err)
	}
	return out, nil
}

// client keeps no connections: nodes are asked rarely, and there are many.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
