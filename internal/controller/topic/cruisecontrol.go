package topic

import (
	"context"
	"errors"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/cruisecontrol"
)

// cruiseControlLook is when to look again at what Cruise Control does: its own plans take it tens of seconds.
const cruiseControlLook = 10 * time.Second

// CruiseControl has numbers of replicas changed by Cruise Control.
type CruiseControl struct {
	client  *cruisecontrol.Client
	metrics *batch.Metrics
}

// NewCruiseControl speaks to Cruise Control through the client.
func NewCruiseControl(client *cruisecontrol.Client, metrics *batch.Metrics) *CruiseControl {
	return &CruiseControl{client: client, metrics: metrics}
}

// Change asks for what is wanted and follows what was asked for. That Cruise Control does not answer is told in the topics' statuses.
func (c *CruiseControl) Change(ctx context.Context, changes []ReplicasChange) (map[string]ReplicasProgress, error) {
	decisions := make([]cruisecontrol.Change, 0, len(changes))
	for _, one := range changes {
		decisions = append(decisions, cruisecontrol.Change{Topic: one.Topic.Name, Wanted: one.Wanted, Differs: one.Wanted > 0, Stored: one.Before})
	}
	out := map[string]ReplicasProgress{}
	if err := c.request(ctx, decisions, out); err != nil {
		return nil, err
	}
	if err := c.lookUp(ctx, decisions, out); err != nil {
		return nil, err
	}
	for _, d := range decisions {
		if d.Question() == cruisecontrol.Nothing {
			out[d.Topic] = ReplicasProgress{}
		}
	}
	return out, nil
}

func (c *CruiseControl) request(ctx context.Context, decisions []cruisecontrol.Change, out map[string]ReplicasProgress) error {
	for _, request := range cruisecontrol.Requests(decisions) {
		done := c.metrics.Request("cruisecontrol_topic_config")
		session, err := c.client.ChangeReplicas(ctx, request)
		done()
		if errors.Is(err, context.Canceled) {
			return err
		}
		for _, d := range decisions {
			if d.Question() == cruisecontrol.RequestIt && d.Wanted == request.Target {
				out[d.Topic] = following(d.Requested(session, err))
			}
		}
	}
	return nil
}

func (c *CruiseControl) lookUp(ctx context.Context, decisions []cruisecontrol.Change, out map[string]ReplicasProgress) error {
	sessions := cruisecontrol.Sessions(decisions)
	if len(sessions) == 0 {
		return nil
	}
	done := c.metrics.Request("cruisecontrol_user_tasks")
	tasks, err := c.client.Tasks(ctx, sessions)
	done()
	if errors.Is(err, context.Canceled) {
		return err
	}
	for _, d := range decisions {
		if d.Question() == cruisecontrol.LookUp {
			out[d.Topic] = following(d.LookedUp(tasks, err))
		}
	}
	return nil
}

func following(status *v1.ReplicasChangeStatus) ReplicasProgress {
	if status == nil {
		return ReplicasProgress{}
	}
	return ReplicasProgress{Status: status, Again: cruiseControlLook}
}

var _ Replicas = (*CruiseControl)(nil)
