package cruisecontrol_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/cruisecontrol"
)

const (
	session  = "8911ca89-351f-888-8d0f-9aade00e098h"
	user     = "topic-operator-admin"
	password = "s3cr:et pässword"
)

// seen is what a server got.
type seen struct {
	Method, URI, ContentType, User, Password, Body string
}

// reply is what a server says.
type reply struct {
	status  int
	session string
	body    string
}

// serve answers all requests the same way, and tells what it got.
func serve(t *testing.T, r reply) (address string, got *seen) {
	t.Helper()
	got = &seen{}
	server := httptest.NewServer(handler(r, got))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), got
}

func handler(r reply, got *seen) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		name, secret, _ := request.BasicAuth()
		*got = seen{request.Method, request.RequestURI, request.Header.Get("Content-Type"), name, secret, string(body)}
		if r.session != "" {
			w.Header().Set("User-Task-ID", r.session)
		}
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, r.body)
	})
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func change(target int32, topics ...string) cruisecontrol.Request {
	return cruisecontrol.Request{Target: target, Topics: topics}
}

func TestChangeReplicasAsksWhatTheContractSays(t *testing.T) {
	tests := map[string]struct {
		settings cruisecontrol.Settings
		request  cruisecontrol.Request
		reply    reply
		want     seen
	}{
		"one topic": {
			request: change(3, "t1"), reply: reply{status: 200, session: session},
			want: seen{
				Method: "POST", ContentType: "application/json",
				URI:  "/kafkacruisecontrol/topic_configuration?skip_rack_awareness_check=true&dryrun=false&json=true",
				Body: `{"replication_factor":{"topic_by_replication_factor":{"3":"t1"}}}`,
			},
		},
		"several topics, rack awareness, credentials": {
			settings: cruisecontrol.Settings{RackAware: true, UserFile: file(t, user), PasswordFile: file(t, password+"\n")},
			request:  change(2, "t1", "t2"), reply: reply{status: 200, session: session, body: "{}"},
			want: seen{
				Method: "POST", ContentType: "application/json", User: user, Password: password,
				URI:  "/kafkacruisecontrol/topic_configuration?skip_rack_awareness_check=false&dryrun=false&json=true",
				Body: `{"replication_factor":{"topic_by_replication_factor":{"2":"t1|t2"}}}`,
			},
		},
		"a topic whose name would match others": {
			request: change(3, "a.b", "c"), reply: reply{status: 200, session: session},
			want: seen{
				Method: "POST", ContentType: "application/json",
				URI:  "/kafkacruisecontrol/topic_configuration?skip_rack_awareness_check=true&dryrun=false&json=true",
				Body: `{"replication_factor":{"topic_by_replication_factor":{"3":"a\\.b|c"}}}`,
			},
		},
		"an answer before the task began": {
			request: change(3, "t1"), reply: reply{status: 202, session: session, body: `{"progress":[],"version":1}`},
			want: seen{
				Method: "POST", ContentType: "application/json",
				URI:  "/kafkacruisecontrol/topic_configuration?skip_rack_awareness_check=true&dryrun=false&json=true",
				Body: `{"replication_factor":{"topic_by_replication_factor":{"3":"t1"}}}`,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			address, got := serve(t, test.reply)
			test.settings.Address = address
			id, err := cruisecontrol.New(test.settings).ChangeReplicas(t.Context(), test.request)
			if err != nil || id != session {
				t.Errorf("session %q, error %v", id, err)
			}
			if diff := cmp.Diff(test.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTasks(t *testing.T) {
	tests := map[string]struct {
		body string
		want map[string]cruisecontrol.TaskState
	}{
		"all states": {
			body: `{"userTasks":[
				{"Status":"Active","ClientIdentity":"127.0.0.1","UserTaskId":"a","StartMs":"1701961136014"},
				{"Status":"InExecution","UserTaskId":"b,b","StartMs":1701961136014},
				{"Status":"Completed","UserTaskId":"c"},
				{"Status":"CompletedWithError","UserTaskId":"d"},
				{"Status":"Odd","UserTaskId":"somebody else's"}],"version":1}`,
			want: map[string]cruisecontrol.TaskState{
				"a": cruisecontrol.Active, "b,b": cruisecontrol.Active, "c": cruisecontrol.Completed, "d": cruisecontrol.CompletedWithError,
			},
		},
		"none known": {
			body: `{"userTasks":[],"version":1}`,
			want: map[string]cruisecontrol.TaskState{"a": cruisecontrol.NoTask, "b,b": cruisecontrol.NoTask, "c": cruisecontrol.NoTask, "d": cruisecontrol.NoTask},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			address, got := serve(t, reply{status: 200, body: test.body})
			states, err := cruisecontrol.New(cruisecontrol.Settings{Address: address}).Tasks(t.Context(), []string{"a", "b,b", "c", "d"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, states); diff != "" {
				t.Error(diff)
			}
			want := seen{Method: "GET", URI: "/kafkacruisecontrol/user_tasks?user_task_ids=a%2Cb%2Cb%2Cc%2Cd&fetch_completed_task=false&json=true"}
			if diff := cmp.Diff(want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoSessionIsNotAskedFor(t *testing.T) {
	address, got := serve(t, reply{status: 200, body: `{"userTasks":[]}`})
	states, err := cruisecontrol.New(cruisecontrol.Settings{Address: address}).Tasks(t.Context(), nil)
	if err != nil || len(states) != 0 || got.Method != "" {
		t.Errorf("got %v, %v after %+v", states, err, got)
	}
}

// TestRefusals has the texts of answers of Cruise Control 2.5, cut.
func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		reply reply
		want  string
	}{
		"too few brokers": {
			reply: reply{status: 500, session: session, body: `{"stackTrace":"…","errorMessage":"Error processing POST request '/topic_configuration' due to: 'com.linkedin.kafka.cruisecontrol.exception.KafkaCruiseControlException: java.lang.RuntimeException: Unable to change replication factor (RF) of topics [t1] to 5 since there are only 3 alive brokers in the cluster. Requested RF cannot be more than number of alive brokers.'.","version":1}`},
			want: "Request failed (500), Error processing POST request '/topic_configuration' due to: 'com.linkedin.kafka.cruisecontrol.exception.KafkaCruiseControlException: " +
				"java.lang.RuntimeException: Unable to change replication factor (RF) of topics [t1] to 5 since there are only 3 alive brokers in the cluster. " +
				"Requested RF cannot be more than number of alive brokers.'.",
		},
		"not enough windows": {
			reply: reply{status: 500, body: `{"errorMessage":"… com.linkedin.cruisecontrol.exception.NotEnoughValidWindowsException: There are only 0 valid windows …"}`},
			want:  "Request failed (500), Cluster model not ready",
		},
		"not enough windows in the trace alone": {
			reply: reply{status: 500, body: `{"stackTrace":"NotEnoughValidWindowsException","errorMessage":"Error happened in fetching response for task 9730."}`},
			want:  "Request failed (500), Error happened in fetching response for task 9730.",
		},
		"an execution that runs": {
			reply: reply{status: 500, body: `{"errorMessage":"com.linkedin.kafka.cruisecontrol.exception.OngoingExecutionException: …"}`},
			want:  "Request failed (500), Another task is executing",
		},
		"an execution that must be stopped first": {
			reply: reply{status: 500, body: `{"errorMessage":"Cannot start a new execution; use stop_ongoing_execution …"}`},
			want:  "Request failed (500), Another task is executing",
		},
		"wrong credentials":       {reply: reply{status: 401, body: `<html>Unauthorized</html>`}, want: "Request failed (401), Authorization error"},
		"a timeout of the server": {reply: reply{status: 408}, want: "Request failed (408)"},
		"a page of a proxy":       {reply: reply{status: 503, body: `<html>`}, want: "Request failed (503)"},
		"a redirection":           {reply: reply{status: 302}, want: "Request failed (302)"},
		"no reason":               {reply: reply{status: 500, body: `{"version":1}`}, want: "Request failed (500)"},
		"neither done nor begun":  {reply: reply{status: 202, body: `{}`}, want: "Request failed (202)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			address, _ := serve(t, test.reply)
			client := cruisecontrol.New(cruisecontrol.Settings{Address: address})
			_, err := client.ChangeReplicas(t.Context(), change(5, "t1"))
			var refusal *cruisecontrol.Error
			if !errors.As(err, &refusal) || refusal.Status != test.reply.status {
				t.Fatalf("got %#v", err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			test.reply.session = ""
			address, _ = serve(t, test.reply)
			_, err = cruisecontrol.New(cruisecontrol.Settings{Address: address}).Tasks(t.Context(), []string{session})
			if err == nil || err.Error() != test.want {
				t.Errorf("tasks: got %v", err)
			}
		})
	}
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"no JSON":           {body: "{", want: "Response deserialization failed, unexpected end of JSON input"},
		"an unknown status": {body: `{"userTasks":[{"UserTaskId":"s","Status":"Lost"}]}`, want: `Unknown status "Lost" of task s`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			address, _ := serve(t, reply{status: 200, body: test.body})
			client := cruisecontrol.New(cruisecontrol.Settings{Address: address})
			if _, err := client.Tasks(t.Context(), []string{"s"}); err == nil || err.Error() != test.want {
				t.Errorf("got %v", err)
			}
			if id, err := client.ChangeReplicas(t.Context(), change(1, "t")); err == nil || err.Error() != "Response without the header User-Task-ID" {
				t.Errorf("got %q, %v", id, err)
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	hangs := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hangs }))
	t.Cleanup(slow.Close)
	stops := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-hangs
	}))
	t.Cleanup(stops.Close)
	// Before the servers are closed: they wait for their handlers.
	t.Cleanup(func() { close(hangs) })
	tests := map[string]struct{ address, want string }{
		"nobody listens":         {address: closed, want: "Connection failed, connection refused"},
		"nobody has the name":    {address: "cruise-control.invalid:9090", want: "Connection failed, no such host: cruise-control.invalid"},
		"no answer in time":      {address: slow.Listener.Addr().String(), want: "request timed out"},
		"half an answer in time": {address: stops.Listener.Addr().String(), want: "request timed out"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			settings := cruisecontrol.Settings{Address: test.address, Timeout: 200 * time.Millisecond}
			if test.want == "Connection failed" {
				settings.Timeout = time.Minute
			}
			client := cruisecontrol.New(settings)
			if _, err := client.ChangeReplicas(t.Context(), change(1, "t")); err == nil || err.Error() != test.want {
				t.Errorf("change: got %v", err)
			}
			if _, err := client.Tasks(t.Context(), []string{session}); err == nil || err.Error() != test.want {
				t.Errorf("tasks: got %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = cruisecontrol.New(cruisecontrol.Settings{Address: slow.Listener.Addr().String()}).Tasks(ctx, []string{session})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a pass that is cancelled gives %v", err)
	}
}

// guarded is a server with TLS that wants credentials.
func guarded(t *testing.T) (server *httptest.Server, ca string) {
	t.Helper()
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if name, secret, _ := request.BasicAuth(); name != user || secret != password {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("User-Task-ID", session)
	}))
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func TestFilesAreReadAnewForEachRequest(t *testing.T) {
	server, ca := guarded(t)
	settings := cruisecontrol.Settings{
		Address: server.Listener.Addr().String(), CAFile: file(t, ""), UserFile: file(t, user), PasswordFile: file(t, "wrong"),
	}
	client := cruisecontrol.New(settings)
	steps := []struct{ path, content, want string }{
		{settings.CAFile, "", "Cruise Control certificate is not set: " + settings.CAFile + " holds no certificate in PEM"},
		{settings.CAFile, otherAuthority, "Connection failed, tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		{settings.CAFile, otherAuthority + ca, "Request failed (401), Authorization error"},
		{settings.PasswordFile, "", "Cruise Control password is not set: " + settings.PasswordFile + " is empty"},
		{settings.PasswordFile, password, ""},
		{settings.UserFile, "\n", "Cruise Control username is not set: " + settings.UserFile + " is empty"},
		{settings.UserFile, "somebody", "Request failed (401), Authorization error"},
		{settings.UserFile, user, ""},
	}
	for _, step := range steps {
		if err := os.WriteFile(step.path, []byte(step.content), 0o600); err != nil {
			t.Fatal(err)
		}
		id, err := client.ChangeReplicas(t.Context(), change(3, "t"))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != step.want || (err == nil) != (id == session) {
			t.Errorf("got %q, %q, want %q", id, got, step.want)
		}
	}
}

func TestFilesThatAreNotThere(t *testing.T) {
	there, absent := file(t, "x"), filepath.Join(t.TempDir(), "absent")
	tests := map[string]struct {
		settings cruisecontrol.Settings
		want     string
	}{
		"certificates": {settings: cruisecontrol.Settings{CAFile: absent}, want: "read Cruise Control's certificate authority: open " + absent},
		"user":         {settings: cruisecontrol.Settings{UserFile: absent, PasswordFile: there}, want: "read Cruise Control's username: open " + absent},
		"password":     {settings: cruisecontrol.Settings{UserFile: there, PasswordFile: absent}, want: "read Cruise Control's password: open " + absent},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.settings.Address = "localhost:1"
			if _, err := cruisecontrol.New(test.settings).Tasks(t.Context(), []string{session}); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCredentialsAreInNoErrorAndFollowNoRedirection(t *testing.T) {
	address, got := serve(t, reply{status: 200, session: session})
	away := httptest.NewServer(http.RedirectHandler("http://"+address+"/", http.StatusTemporaryRedirect))
	t.Cleanup(away.Close)
	for _, target := range []string{away.Listener.Addr().String(), "127.0.0.1:1", "not an address"} {
		client := cruisecontrol.New(cruisecontrol.Settings{Address: target, UserFile: file(t, user), PasswordFile: file(t, password)})
		_, err := client.ChangeReplicas(t.Context(), change(3, "t"))
		if err == nil || strings.Contains(err.Error(), password) || strings.Contains(err.Error(), user) {
			t.Errorf("%s: got %v", target, err)
		}
	}
	if got.Method != "" {
		t.Errorf("the redirection was followed: %+v", got)
	}
}
