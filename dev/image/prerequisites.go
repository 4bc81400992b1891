package image

import "context"

// Prerequisites says what is missing that a person has to install: a JDK and
// Maven. JavaHome is looked at before the usual places.
func Prerequisites(ctx context.Context, javaHome string) error {
	if _, err := NewestJDK(findJDKs(ctx, javaHome)); err != nil {
		return err
	}
	return require("mvn")
}
