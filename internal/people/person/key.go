package person

import (
	"context"

	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
)

// SubjectOf gives what seals a child's texts in other rooms, and where the
// child lives; it follows merged records. Errors: NotFound.
func SubjectOf(ctx context.Context, r db.Reader, keys *crypto.Keyring, childID id.ID) (crypto.Subject, string, error) {
	rec, err := findChild(ctx, r, childID)
	if err != nil {
		return crypto.Subject{}, "", err
	}
	key, err := keys.Subject(rec.Subject)
	return key, rec.Region, err
}
