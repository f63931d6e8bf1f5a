package person

import (
	"strings"
	"unicode/utf8"

	"zugou/internal/kernel/civil"
	"zugou/internal/kernel/crypto"
	"zugou/internal/kernel/id"
)

// The fields of keyed look-ups. Numbers of all persons share one field, so
// that a call or an import finds whoever has it.
const (
	indexID     = "person.id_no"
	indexIDLast = "person.id_no.last4"
	indexPhone  = "phone"
	indexLast4  = "phone.last4"
)

// PhoneIndex gives the keyed look-up of a telephone number, for tables of
// other packages that must find the same number (signals, conflicts).
func PhoneIndex(kr *crypto.Keyring, p civil.Phone) string { return kr.Index(indexPhone, string(p)) }

// aad names the cell that a sealed text belongs to.
func aad(column string, row id.ID) string { return column + ":" + string(row) }

// sealID fills the columns of the ID number.
func (r *Record) sealID(kr *crypto.Keyring, s crypto.Subject, n civil.ResidentID) {
	r.IDNo = s.Seal(aad("person.id_no", r.ID), string(n))
	r.IDIndex = kr.Index(indexID, string(n))
	r.IDLast4 = kr.Index(indexIDLast, n.LastFour())
}

func (r *Record) sealAddress(s crypto.Subject, text string) {
	r.Address = s.Seal(aad("person.address", r.ID), text)
}

func (r *Record) sealRegistered(s crypto.Subject, text string) {
	r.RegisteredAddress = s.Seal(aad("person.registered_address", r.ID), text)
}

// open gives the record's sealed texts.
func (r Record) openID(kr *crypto.Keyring) (civil.ResidentID, error) {
	s, err := kr.Subject(r.Subject)
	if err != nil {
		return "", err
	}
	text, err := s.Open(aad("person.id_no", r.ID), r.IDNo)
	return civil.ResidentID(text), err
}

func (r Record) openAddress(kr *crypto.Keyring) (string, error) {
	s, err := kr.Subject(r.Subject)
	if err != nil {
		return "", err
	}
	return s.Open(aad("person.address", r.ID), r.Address)
}

func (r Record) openRegistered(kr *crypto.Keyring) (string, error) {
	s, err := kr.Subject(r.Subject)
	if err != nil {
		return "", err
	}
	return s.Open(aad("person.registered_address", r.ID), r.RegisteredAddress)
}

func (r *Record) sealNoIDReason(s crypto.Subject, text string) {
	r.NoIDReason = s.Seal(aad("person.no_id_reason", r.ID), text)
}

func (r Record) openNoIDReason(kr *crypto.Keyring) (string, error) {
	s, err := kr.Subject(r.Subject)
	if err != nil {
		return "", err
	}
	return s.Open(aad("person.no_id_reason", r.ID), r.NoIDReason)
}

// newPhones makes the rows of a person's numbers.
func newPhones(kr *crypto.Keyring, s crypto.Subject, person id.ID, phones []civil.Phone) []phoneRow {
	out := make([]phoneRow, 0, len(phones))
	for i, p := range phones {
		row := phoneRow{ID: id.New(), PersonID: person, Index: kr.Index(indexPhone, string(p)), Last4: kr.Index(indexLast4, p.LastFour()), Place: i}
		row.Number = s.Seal(aad("person_phone.number", row.ID), string(p))
		out = append(out, row)
	}
	return out
}

func (p phoneRow) open(kr *crypto.Keyring, wrapped string) (civil.Phone, error) {
	s, err := kr.Subject(wrapped)
	if err != nil {
		return "", err
	}
	text, err := s.Open(aad("person_phone.number", p.ID), p.Number)
	return civil.Phone(text), err
}

// maskAddress keeps an address down to the village and hides the house.
func maskAddress(address string) string {
	if address == "" {
		return ""
	}
	cut := 0
	for _, word := range []string{"村", "社区", "街道", "镇", "乡"} {
		if i := strings.LastIndex(address, word); i >= 0 {
			cut = i + len(word)
			break
		}
	}
	if cut == 0 {
		for i := range address { // a few characters tell the area at most
			if cut = i; utf8.RuneCountInString(address[:i]) >= 3 {
				break
			}
		}
	}
	return address[:cut] + "***"
}
