package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// What UpdateFeatures may do (KIP-778).
const (
	upgradeOnly   = 1
	safeDowngrade = 2
)

// Unregister removes the registration of a broker; one that is not registered is no error.
func (c *cluster) Unregister(ctx context.Context, id int32) error {
	request := kmsg.NewPtrUnregisterBrokerRequest()
	request.BrokerID = id
	answer, err := ask[*kmsg.UnregisterBrokerResponse](ctx, c, request)
	if err == nil {
		err = answered(answer.ErrorCode, answer.ErrorMessage)
	}
	if err != nil && !errors.Is(err, kerr.BrokerIDNotRegistered) {
		return fmt.Errorf("unregistering broker %d: %w", id, err)
	}
	return nil
}

// SetMetadataVersion finalises the metadata version unless it is so already.
func (c *cluster) SetMetadataVersion(ctx context.Context, name string) error {
	wanted, err := levelOf(name)
	if err != nil {
		return err
	}
	current, err := c.metadataLevel(ctx)
	if err != nil || current == wanted {
		return err
	}
	answer, err := ask[*kmsg.UpdateFeaturesResponse](ctx, c, updateMetadata(current, wanted))
	if err == nil {
		err = refusedUpdate(answer)
	}
	if err != nil {
		return fmt.Errorf("setting the metadata version to %s: %w", name, err)
	}
	return nil
}

func updateMetadata(from, to int16) kmsg.Request {
	update := kmsg.NewUpdateFeaturesRequestFeatureUpdate()
	update.Feature, update.MaxVersionLevel, update.UpgradeType = metadataFeature, to, upgradeOnly
	if to < from {
		update.UpgradeType, update.AllowDowngrade = safeDowngrade, true
	}
	request := kmsg.NewPtrUpdateFeaturesRequest()
	request.TimeoutMillis = int32(Limit.Milliseconds() / 2)
	request.FeatureUpdates = append(request.FeatureUpdates, update)
	return request
}

// refusedUpdate finds the error: versions before 2 of the answer name it per feature.
func refusedUpdate(answer *kmsg.UpdateFeaturesResponse) error {
	if err := answered(answer.ErrorCode, answer.ErrorMessage); err != nil {
		return err
	}
	for _, result := range answer.Results {
		if err := answered(result.ErrorCode, result.ErrorMessage); err != nil {
			return err
		}
	}
	return nil
}
