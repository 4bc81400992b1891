package cruisecontrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Timeout is how long an answer may take if the settings say nothing else.
const Timeout = 60 * time.Second

// Settings say where Cruise Control is, and how to talk to it.
type Settings struct {
	// Address is the host and the port of its REST API: "my-cluster-cruise-control.kafka.svc:9090".
	Address string
	// CAFile holds the certificates to trust, in PEM; without it, the connection is not encrypted.
	CAFile string
	// UserFile and PasswordFile hold the credentials; without a UserFile, requests carry none.
	UserFile, PasswordFile string
	// RackAware lets Cruise Control refuse replication factors above the number of racks.
	RackAware bool
	// Timeout is how long one request may take in all; 0 means the constant of that name.
	Timeout time.Duration
}

// Client asks Cruise Control. It reads the files anew for each request: they are renewed while it runs.
type Client struct{ settings Settings }

// New returns a client. Nothing is read or asked before the first request.
func New(settings Settings) *Client {
	if settings.Timeout == 0 {
		settings.Timeout = Timeout
	}
	return &Client{settings: settings}
}

// TaskState is what became of a request that Cruise Control took up.
type TaskState int

// The states of a task.
const (
	// NoTask: Cruise Control does not know it; it forgets all when it restarts, and old ones in time.
	NoTask TaskState = iota
	// Active: it waits, or is being executed.
	Active
	// Completed: it is done.
	Completed
	// CompletedWithError: it was given up.
	CompletedWithError
)

// states are the names of com.linkedin.kafka.cruisecontrol.servlet.UserTaskManager.TaskState.
var states = map[string]TaskState{
	"Active":             Active,
	"InExecution":        Active,
	"Completed":          Completed,
	"CompletedWithError": CompletedWithError,
}

// topicConfiguration is the body of a request to change topics.
type topicConfiguration struct {
	ReplicationFactor struct {
		// Topics are regular expressions by replication factor.
		Topics map[int32]string `json:"topic_by_replication_factor"`
	} `json:"replication_factor"`
}

// userTasks is the answer to the question after tasks.
type userTasks struct {
	Tasks []struct {
		ID     string `json:"UserTaskId"`
		Status string `json:"Status"`
	} `json:"userTasks"`
}

// ChangeReplicas asks for the change and returns the id of its session. The change goes on after the answer.
func (c *Client) ChangeReplicas(ctx context.Context, change Request) (string, error) {
	body := topicConfiguration{}
	body.ReplicationFactor.Topics = map[int32]string{change.Target: pattern(change.Topics)}
	text, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("write the request for %d replicas: %w", change.Target, err)
	}
	path := "topic_configuration?skip_rack_awareness_check=" + strconv.FormatBool(!c.settings.RackAware) + "&dryrun=false&json=true"
	answer, err := c.ask(ctx, http.MethodPost, path, text)
	if err != nil {
		return "", err
	}
	session := answer.header.Get("User-Task-ID")
	if session == "" {
		return "", errors.New("Response without the header User-Task-ID")
	}
	return session, nil
}

// Tasks returns the states of the sessions' tasks. Those that Cruise Control does not know are NoTask.
func (c *Client) Tasks(ctx context.Context, sessions []string) (map[string]TaskState, error) {
	if len(sessions) == 0 {
		// Without ids, Cruise Control lists all tasks of everybody.
		return nil, nil
	}
	path := "user_tasks?user_task_ids=" + url.QueryEscape(strings.Join(sessions, ",")) + "&fetch_completed_task=false&json=true"
	answer, err := c.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	var tasks userTasks
	if err := json.Unmarshal(answer.body, &tasks); err != nil {
		return nil, fmt.Errorf("Response deserialization failed, %w", err)
	}
	found := map[string]TaskState{}
	for _, session := range sessions {
		found[session] = NoTask
	}
	for _, task := range tasks.Tasks {
		if _, asked := found[task.ID]; !asked {
			continue
		}
		state, known := states[task.Status]
		if !known {
			return nil, fmt.Errorf("Unknown status %q of task %s", task.Status, task.ID)
		}
		found[task.ID] = state
	}
	return found, nil
}

// pattern matches the topics and no other. Of the characters that topics may have, only the dot means something else
// in a regular expression.
func pattern(topics []string) string {
	return strings.ReplaceAll(strings.Join(topics, "|"), ".", `\.`)
}
