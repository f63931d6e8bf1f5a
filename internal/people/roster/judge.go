package roster

import (
	"context"
	"regexp"
	"strings"

	"zugou/internal/kernel/civil"
	"zugou/internal/people/sheet"
)

// verdict is an outcome with its reason.
type verdict struct {
	outcome Outcome
	reason  Reason
	other   int
}

// judge gives every row its outcome, in the order of the file: the first of
// several rows with one ID is the one that counts.
func (r *reader) judge(ctx context.Context) error {
	known, err := r.known(ctx)
	if err != nil {
		return err
	}
	r.distrustNumbers()
	j := &judge{kind: r.o.Kind, known: known, ids: map[civil.ResidentID]*Row{}, noID: map[string]*Row{}, devices: map[string]*Row{}}
	for i := range r.result.Rows {
		row := &r.result.Rows[i]
		v := j.row(row, r.facts[i])
		row.Outcome, row.Reason, row.Other = v.outcome, v.reason, v.other
		row.Notes = append(row.Notes, notesOf(row, r.facts[i])...)
	}
	return nil
}

// distrustNumbers drops the numbers of devices of a table where more than half
// of them are the same as another: then the column is a model or a batch, and
// refusing every row would help nobody.
func (r *reader) distrustNumbers() {
	if r.o.Kind != Devices {
		return
	}
	total, distinct := map[int]int{}, map[int]map[string]bool{}
	for _, row := range r.result.Rows {
		if row.Device.Number == "" {
			continue
		}
		if distinct[row.table] == nil {
			distinct[row.table] = map[string]bool{}
		}
		total[row.table]++
		distinct[row.table][row.Device.Number] = true
	}
	for i, row := range r.result.Rows {
		if n := total[row.table]; n > 1 && len(distinct[row.table])*2 < n {
			r.facts[i].numbered = false
		}
	}
}

// known asks the register about all IDs at once.
func (r *reader) known(ctx context.Context) (map[civil.ResidentID]string, error) {
	var ids []civil.ResidentID
	for i := range r.result.Rows {
		row := &r.result.Rows[i]
		var fault error
		row.ID, fault = readID(r.facts[i])
		if fault == nil {
			row.Person.ID = civil.ResidentID(row.ID)
			row.Person.Sex, row.Person.Birth = row.Person.ID.Sex(), row.Person.ID.Birth()
			ids = append(ids, row.Person.ID)
		}
		row.Person.IDText = row.ID
	}
	if r.o.Register == nil || len(ids) == 0 {
		return nil, nil
	}
	return r.o.Register.Names(ctx, ids)
}

var idInside = regexp.MustCompile(`(?:^|[^0-9])([0-9]{17}[0-9X]|[0-9]{15})(?:[^0-9X]|$)`)

// readID reads the cell of the ID: in normal form without a fault, else as far
// as it could be read.
func readID(f facts) (string, error) {
	if nothing(f.idText) {
		return "", civil.IDMissing
	}
	n := civil.NormalizeID(f.idText)
	digits := strings.Map(keepDigits, n)
	if len(digits) < 6 && noIDWords.MatchString(civil.Squeeze(f.idText)) {
		return "", civil.IDMissing
	}
	if hasHan(n) {
		if len(digits) < 6 { // 无身份证, 见户口本
			return "", civil.IDMissing
		}
		if m := idInside.FindAllStringSubmatch(n, 2); len(m) == 1 { // 身份证：5001…
			n = m[0][1]
		}
	}
	id, err := civil.ParseID(n)
	if f.idLossy && len(n) >= 16 {
		return n, civil.IDPrecisionLost
	}
	if civil.PrecisionLost(f.idText) || (f.idKind == sheet.Number && len(n) >= 16 && err != nil) {
		// 18 digits ending in 000 are lost for sure in a number; in a text a
		// thousandth of all true IDs end so, and then the check holds.
		if err != nil || f.idKind == sheet.Number {
			return n, civil.IDPrecisionLost
		}
	}
	if err != nil {
		return n, err
	}
	return string(id), nil
}

func hasHan(s string) bool { return hanOnly(s) != "" }

type judge struct {
	kind    Kind
	known   map[civil.ResidentID]string
	ids     map[civil.ResidentID]*Row // the first row taken with the ID
	noID    map[string]*Row           // the same for people without
	devices map[string]*Row
}

func (j *judge) row(row *Row, f facts) verdict {
	_, fault := readID(f)
	p := &row.Person
	switch {
	case nothing(row.Name):
		row.Name, p.Name = "", ""
		return verdict{Refuse, NameMissing, 0}
	case fault == civil.IDMissing:
		if p.NoIDReason == "" {
			return verdict{Refuse, IDMissing, 0}
		}
	case fault == civil.IDPrecisionLost:
		return verdict{Refuse, IDPrecisionLost, 0}
	case fault == civil.IDBirthDate:
		return verdict{Refuse, IDBirthDate, 0}
	case fault != nil:
		if otherDocument(p.IDType) {
			p.NoIDReason = p.IDType + " " + row.ID
			break
		}
		return verdict{Refuse, IDCheck, 0}
	}
	if v := j.same(row); v.outcome != "" {
		return v
	}
	if v := j.device(row, f); v.outcome != "" {
		return v
	}
	if p.ID != "" && j.ids[p.ID] == nil {
		j.ids[p.ID] = row
	}
	switch {
	case p.ID != "" && f.sexSaid != "" && f.sexSaid != p.ID.Sex():
		return verdict{Warn, SexDiffers, 0}
	case f.areaSaid && !f.areaSeen:
		return verdict{Warn, VillageUnknown, 0}
	case p.ID == "":
		return verdict{OK, NoIDWithReason, 0}
	}
	return verdict{OK, "", 0}
}

// otherDocument reports a type of document that is no resident ID.
func otherDocument(t string) bool {
	return t != "" && !strings.Contains(t, "身份证") && !strings.Contains(t, "户口") && !strings.Contains(t, "居住证")
}

// same looks for the person in the rows before and in the register.
func (j *judge) same(row *Row) verdict {
	p := &row.Person
	if p.ID == "" {
		if p.Birth == "" {
			return verdict{}
		}
		key := p.Name + "|" + string(p.Birth) + "|" + string(p.Sex) + "|" + string(p.Area)
		if first := j.noID[key]; first != nil && j.kind == Children {
			return verdict{Duplicate, SamePerson, first.Number}
		}
		j.noID[key] = row
		return verdict{}
	}
	if first := j.ids[p.ID]; first != nil {
		if first.Name != p.Name {
			return verdict{Refuse, SameIDOtherName, first.Number}
		}
		if j.kind == Children || row.Device == nil || row.Device.Number == "" || first.Device == nil || first.Device.Number == row.Device.Number {
			return verdict{Duplicate, SamePerson, first.Number}
		}
		// A badge and a watch for one child are two devices.
		row.Notes = append(row.Notes, NoteSecondDevice)
	}
	if name, ok := j.known[p.ID]; ok {
		if civil.NormalizeName(name) != p.Name {
			return verdict{Refuse, SameIDOtherName, 0}
		}
		if j.kind == Children {
			return verdict{Duplicate, InRegister, 0}
		}
	}
	return verdict{}
}

// device looks at the number of the device, in lists that have a column of it.
func (j *judge) device(row *Row, f facts) verdict {
	if j.kind != Devices || !f.numbered {
		return verdict{}
	}
	if row.Device.Number == "" {
		return verdict{Refuse, DeviceMissing, 0}
	}
	if first := j.devices[row.Device.Number]; first != nil {
		return verdict{Refuse, SameDevice, first.Number}
	}
	j.devices[row.Device.Number] = row
	return verdict{}
}

// notesOf gives what else the preview should say.
func notesOf(row *Row, f facts) []string {
	var out []string
	p := row.Person
	if p.ID != "" && p.BirthSaid.Year != 0 && !p.BirthSaid.Agrees(p.ID.Birth()) {
		out = append(out, NoteBirthDiffers)
	}
	if !f.areaSaid && !f.areaSeen && (row.Outcome == OK || row.Outcome == Warn) && row.Device == nil {
		out = append(out, NoteAreaMissing)
	}
	return out
}
