package matter

import (
	"context"

	"zugou/internal/centre/policy"
	"zugou/internal/kernel/db"
	"zugou/internal/people/child"
)

// onTimeline are the events of a matter that stand on the child's timeline.
var onTimeline = map[string]string{"opened": "timeline.matter_opened", "assigned": "timeline.matter_opened",
	"closed": "timeline.matter_closed", "reopened": "timeline.matter_reopened"}

// tell puts an event on the child's timeline, by the matter's number alone:
// whoever may open the child may not open every matter. Of a matter that
// starts without contact to the family (abuse) nothing stands there, nor of
// drills and of devices, whose own rooms write of them.
func tell(ctx context.Context, tx *db.Tx, m Matter, kind string) error {
	title := onTimeline[kind]
	if title == "" || m.ChildID == "" || m.Drill {
		return nil
	}
	book, err := policy.At(ctx, tx, tx.Now)
	if err != nil {
		return err
	}
	if k, _ := book.Kind(m.Kind); k.NoContact || k.Group == "device" || k.Group == "outage" {
		return nil
	}
	return child.Note(ctx, tx, child.Entry{ChildID: m.ChildID, Kind: "matter", Title: title, Data: map[string]string{"no": m.No}, RefKind: "matter", RefID: m.ID, Region: m.Region})
}
