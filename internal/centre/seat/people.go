package seat

import (
	"context"

	"zugou/internal/kernel/clock"
	"zugou/internal/kernel/db"
	"zugou/internal/kernel/id"
	"zugou/internal/people/access"
	"zugou/internal/people/audit"
)

// People is what the seat asks of the registers for its screens.
type People interface {
	// Briefs gives what the queue shows of children.
	Briefs(ctx context.Context, r db.Reader, children []id.ID) (map[id.ID]ChildBrief, error)
	// Card gives what the card shows of a child.
	Card(ctx context.Context, r db.Reader, child id.ID) (ChildCard, error)
	// Staff gives what colleagues see of accounts.
	Staff(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]StaffBrief, error)
	// Scene gives the area where help is needed: where the child is by a fresh
	// position, else home.
	Scene(ctx context.Context, r db.Reader, child id.ID, home string) (string, error)
	// Helpers lists who could go, nearest first.
	Helpers(ctx context.Context, r db.Reader, region string, child id.ID) ([]Helper, error)
	// Places lists police stations, hospitals and schools near a region.
	Places(ctx context.Context, r db.Reader, region string) ([]Place, error)
	// RegionName gives "雍溪镇 红星社区".
	RegionName(region string) string
	// Address gives the full address and the phones of the people to call, for
	// who carries an order.
	Address(ctx context.Context, r db.Reader, child id.ID) (FieldChild, error)
	// Phone gives one person's number.
	Phone(ctx context.Context, r db.Reader, person id.ID) (string, error)
	// StaffPhone gives a colleague's number; empty without one.
	StaffPhone(ctx context.Context, r db.Reader, account id.ID) (string, error)
}

// ChildBrief is a child in a list.
type ChildBrief struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
	Age  int    `json:"age"`
	Sex  string `json:"sex"`
	// Level is the colour that a professional set, LevelUrgency the one that
	// the machine raised and nobody has assessed yet.
	Level        string `json:"level"`
	LevelUrgency string `json:"level_urgency"`
}

// Fact is one line of a card: a message key with its text.
type Fact struct {
	Key  string       `json:"key"`
	Text string       `json:"text"`
	At   clock.Millis `json:"at,omitempty"`
}

// Position is where a child was last, with its age.
type Position struct {
	Lat        float64      `json:"lat"`
	Lon        float64      `json:"lon"`
	At         clock.Millis `json:"at"`
	Source     string       `json:"source"`
	AccuracyM  float64      `json:"accuracy_m"`
	AgeSeconds int64        `json:"age_seconds"`
}

// Contact is one person to call.
type Contact struct {
	PersonID    id.ID  `json:"person_id"`
	Name        string `json:"name"`
	Relation    string `json:"relation"`
	PhoneMasked string `json:"phone_masked"`
	Carer       bool   `json:"carer"`
	Blocked     bool   `json:"blocked"`
	BlockedWhy  string `json:"blocked_why,omitempty"`
	PhoneIndex  string `json:"-"`
}

// ChildCard is the child on the card: what matters now, not the whole file.
type ChildCard struct {
	ChildBrief
	Region        string       `json:"region"`
	RegionName    string       `json:"region_name"`
	AddressMasked string       `json:"address_masked"`
	School        string       `json:"school"`
	ScreenedAt    clock.Millis `json:"screened_at"` // 0: never
	Categories    []string     `json:"categories"`
	Flags         []Fact       `json:"flags"`
	Five          []Fact       `json:"five"`
	LastPosition  *Position    `json:"last_position"`
	Battery       *int         `json:"battery"`
	DeviceID      id.ID        `json:"device_id,omitempty"` // the record of what it wears, the one heard last
	Contacts      []Contact    `json:"-"`
}

// StaffBrief is a colleague.
type StaffBrief struct {
	ID          id.ID  `json:"id"`
	Name        string `json:"name"`
	RoleName    string `json:"role_name"`
	PhoneMasked string `json:"phone_masked"`
}

// Helper is who could go.
type Helper struct {
	Account     id.ID       `json:"account"`
	Name        string      `json:"name"`
	Role        access.Role `json:"role"`
	RoleName    string      `json:"role_name"`
	Level       string      `json:"level"`
	Region      string      `json:"region"`
	RegionName  string      `json:"region_name"`
	DistanceM   *float64    `json:"distance_m"`
	OnDuty      bool        `json:"on_duty"`
	Reachable   bool        `json:"reachable"`
	PhoneMasked string      `json:"phone_masked"`
	Busy        int         `json:"busy"`
	Conflicted  bool        `json:"conflicted"`
}

// Place is a police station, a hospital, a school.
type Place struct {
	Kind      string   `json:"kind"`
	Name      string   `json:"name"`
	Phone     string   `json:"phone"`
	DistanceM *float64 `json:"distance_m"`
}

// FieldChild is what who carries an order needs to know.
type FieldChild struct {
	Name    string       `json:"name"`
	Age     int          `json:"age"`
	Sex     string       `json:"sex"`
	Address string       `json:"address"`
	Phones  []FieldPhone `json:"phones"`
}

// FieldPhone is a number to call from the field.
type FieldPhone struct {
	PersonID   id.ID  `json:"person_id"`
	Name       string `json:"name"`
	Relation   string `json:"relation"`
	Phone      string `json:"phone"`
	PhoneIndex string `json:"-"`
}

func (s *Service) auditChild(ctx context.Context, tx *db.Tx, action access.Action, child id.ID, region string, purpose id.ID) error {
	return audit.Write(ctx, tx, audit.Entry{Action: action, SubjectKind: "child", Subject: child, Region: region, Purpose: string(purpose)})
}

// StaffNames gives what colleagues see of accounts.
func (s *Service) StaffNames(ctx context.Context, r db.Reader, accounts []id.ID) (map[id.ID]StaffBrief, error) {
	return s.people.Staff(ctx, r, accounts)
}

// DealtUnsaved clears an unsaved alarm by an operator's word.
func (s *Service) DealtUnsaved(_ context.Context, key string) { s.unsaved.Stored(key) }
