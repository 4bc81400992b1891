package user

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/user"
)

// asks tells whether a job needs what only the API server itself tells.
func (j *job) asks() bool {
	if j.deed != keep {
		return j.deed == remove
	}
	_, is := j.suppliedFrom()
	return is
}

// ask reads from the API server what a job needs.
func (o *Operator) ask(ctx context.Context, j *job) {
	if j.deed == remove {
		o.confirm(ctx, j)
		return
	}
	o.supplied(ctx, j)
}

// confirm leaves alone what belongs to a resource that exists: a cache can lose it.
func (o *Operator) confirm(ctx context.Context, j *job) {
	name := j.key.Name
	if _, is := orphaned(j.key); is {
		name = j.username
	}
	resource, err := o.live(ctx, name)
	if err != nil {
		j.fail(err)
		return
	}
	if resource != nil && (j.username == "" || user.UsernameOf(resource) == j.username) {
		j.deed = nothing
	}
}

// live reads a resource of the operator's from the API server; nil if there is none.
func (o *Operator) live(ctx context.Context, name string) (*v1.KafkaUser, error) {
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		return nil, nil // no resource can be called like that
	}
	out, err := o.API.Users(o.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("read KafkaUser %s: %w", name, err)
	}
	for label, value := range o.Labels {
		if out.Labels[label] != value {
			return nil, nil // it is another operator's
		}
	}
	return out, nil
}

// suppliedFrom is where the password is that the user has brought, as far as the resource says; false if none is.
func (j *job) suppliedFrom() (v1.KeySelector, bool) {
	a := j.resource.Spec.Authentication
	if a == nil || a.Type != v1.UserAuthenticationScramSha512 || a.Password == nil {
		return v1.KeySelector{}, false
	}
	if from := a.Password.ValueFrom.SecretKeyRef; from != nil {
		return *from, true
	}
	return v1.KeySelector{}, true
}

// supplied reads the password that the user has brought.
func (o *Operator) supplied(ctx context.Context, j *job) {
	refuse := func(what, right string) {
		const field = "spec.authentication.password.valueFrom.secretKeyRef"
		j.refuse(v1.ReasonExecution, v1.ReasonInvalidResource+": "+user.Problem{Field: field, What: what, Right: right}.String())
	}
	from, _ := j.suppliedFrom()
	if from.Name == "" || from.Key == "" {
		refuse("is incomplete", "write name and key of a Secret in namespace "+o.Namespace)
		return
	}
	secret, err := o.secretOf(ctx, o.Namespace, from.Name)
	if err != nil {
		j.fail(err)
		j.later = true
		return
	}
	if secret == nil {
		refuse(fmt.Sprintf("Secret %s does not exist in namespace %s", from.Name, o.Namespace), "make it, with the password under "+from.Key)
		return
	}
	password, there := secret.Data[from.Key]
	switch {
	case !there:
		refuse(fmt.Sprintf("Secret %s has no entry %s", from.Name, from.Key), "add it, or name another one")
	case len(password) == 0:
		refuse(fmt.Sprintf("%s of Secret %s is empty", from.Key, from.Name), "write a password into it")
	default:
		text := string(password)
		j.wish.Password = &text
	}
}
