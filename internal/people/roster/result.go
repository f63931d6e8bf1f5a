package roster

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/errs"
	"zugou/internal/people/region"
	"zugou/internal/people/sheet"
)

// Outcome is what becomes of a row.
type Outcome string

// The outcomes.
const (
	OK        Outcome = "ok"
	Warn      Outcome = "warn"
	Duplicate Outcome = "duplicate"
	Refuse    Outcome = "refuse"
)

// Reason is why; empty where there is nothing to say.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	NameMissing     Reason = "name_missing"
	IDMissing       Reason = "id_missing"
	IDPrecisionLost Reason = "id_precision_lost"
	IDCheck         Reason = "id_check"
	IDBirthDate     Reason = "id_birth_date"
	SameIDOtherName Reason = "same_id_other_name"
	SamePerson      Reason = "same_person_in_sheet"
	InRegister      Reason = "in_register"
	SexDiffers      Reason = "sex_differs_from_id"
	VillageUnknown  Reason = "village_unknown"
	NoIDWithReason  Reason = "no_id_with_reason"
	DeviceMissing   Reason = "device_missing"
	SameDevice      Reason = "same_device"
)

// What the preview says beside the reason; it changes no outcome.
const (
	NoteBirthDiffers = "birth_differs_from_id"
	NoteAreaMissing  = "area_missing"
	NotePhone        = "phone_unreadable"
	NoteContactID    = "contact_id_wrong"
	NoteSecondDevice = "second_device"
)

//go:embed reasons.json
var reasonsJSON []byte

// words reads the Chinese texts.
func words() map[string]string {
	out := map[string]string{}
	if err := json.Unmarshal(reasonsJSON, &out); err != nil {
		panic("roster: reasons.json: " + err.Error()) // a broken build, seen by every test
	}
	return out
}

// Text gives the Chinese words for the reason; empty for none.
func (r Reason) Text() string { return words()[string(r)] }

// Row is one row that is somebody, or some device.
type Row struct {
	Sheet   string
	Number  int // as the spreadsheet counts, from 1
	Outcome Outcome
	Reason  Reason
	Other   int // the row of the same person, ID or device, or 0
	Notes   []string
	Name    string // in normal form
	ID      string // in normal form; of a wrong one what could be read
	Person  Person
	Device  *Device  // in lists of devices
	Cells   []string // as they stood, for the workbook of refused rows
	table   int
}

// Text tells the reason in Chinese, with the other row where there is one.
func (r Row) Text() string {
	t := r.Reason.Text()
	if t != "" && r.Other > 0 {
		t += "（" + fmt.Sprintf(words()["other_row"], r.Other) + "）"
	}
	return t
}

// Column tells what a column was taken for, for the page that corrects it.
type Column struct {
	Letter  string `json:"letter"`
	Heading string `json:"heading"` // with its groups: 监护人信息/姓名
	Field   Field  `json:"field"`   // empty if not recognised
}

// Table is one list that was found.
type Table struct {
	Sheet       string
	First, Last int // rows of the heading
	Columns     []Column
}

// Skipped is a row that is nobody, with why: title, blank rows aside.
type Skipped struct {
	Sheet  string
	Number int
	Why    string // heading, subtotal, note, section, example, continued
}

// Result is what a file says.
type Result struct {
	Kind    Kind
	Tables  []Table
	Rows    []Row
	Skipped []Skipped
}

// Count gives the number of rows with the outcome.
func (r *Result) Count(o Outcome) int {
	n := 0
	for _, row := range r.Rows {
		if row.Outcome == o {
			n++
		}
	}
	return n
}

// Register tells who is known already. Read asks it once for all IDs of a file.
type Register interface {
	// Names gives the names, in normal form, under which the IDs stand; IDs
	// that are not known are left out.
	Names(ctx context.Context, ids []civil.ResidentID) (map[civil.ResidentID]string, error)
}

// Options say how a file is read.
type Options struct {
	Kind     Kind
	File     string           // its name, which may name the township; not opened
	Regions  *region.Table    // the built-in one if nil
	Home     region.Code      // the district; 500111 if empty
	Map      map[Field]string // corrections: heading, with its group (监护人信息/姓名), or column letter
	Register Register         // nil is an empty one
}

// Read finds the tables of a book and judges their rows. Errors: Invalid on
// "file" with roster.no_heading if no table is found, on "map" with
// roster.no_such_heading if a correction names a heading that no table has; and
// those of the register.
func Read(ctx context.Context, book *sheet.Book, o Options) (*Result, error) {
	if o.Kind == "" {
		o.Kind = Children
	}
	if o.Regions == nil {
		o.Regions = region.Builtin()
	}
	if o.Home == "" {
		o.Home = "500111"
	}
	r := &reader{o: o, result: &Result{Kind: o.Kind}, used: map[Field]bool{}}
	for i := range book.Sheets {
		if s := &book.Sheets[i]; !s.Hidden {
			r.readSheet(s)
		}
	}
	if len(r.result.Tables) == 0 {
		return nil, errs.Invalid("file", "roster.no_heading")
	}
	for f := range o.Map {
		if !r.used[f] {
			return nil, errs.Invalid("map", "roster.no_such_heading")
		}
	}
	if err := r.judge(ctx); err != nil {
		return nil, err
	}
	return r.result, nil
}
