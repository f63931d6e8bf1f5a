package access

import (
	"context"
	"slices"
	"strings"

	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
)

// Role is what an account is trusted with.
type Role string

// The roles.
const (
	SeatOperator    Role = "seat_operator"    // 联动坐席
	SeatLeader      Role = "seat_leader"      // 坐席长
	TownshipOfficer Role = "township_officer" // 镇街儿童督导员
	VillageDirector Role = "village_director" // 村(社区)儿童主任
	GridWorker      Role = "grid_worker"      // 网格员
	PoliceLiaison   Role = "police_liaison"   // 公安联络员
	Counsellor      Role = "counsellor"       // 学校心理教师
	BureauSection   Role = "bureau_section"   // 局业务科室
	BureauHead      Role = "bureau_head"      // 局领导
	CityCentre      Role = "city_centre"      // 市级中心
	SystemAdmin     Role = "system_admin"     // 系统管理员
	SecurityAdmin   Role = "security_admin"   // 安全管理员
	Auditor         Role = "auditor"          // 审计管理员
	Citizen         Role = "citizen"          // 群众
	Teacher         Role = "teacher"          // 班主任、教师
	Clinician       Role = "clinician"        // 专业评估、心理咨询人员
	SocialWorker    Role = "social_worker"    // 社工
	Supervisor      Role = "supervisor"       // 督导
	Volunteer       Role = "volunteer"        // 爱心妈妈、志愿者
)

// Roles lists them all in the order of the table.
func Roles() []Role { return slices.Clone(columns) }

// Department names whose staff an account is.
type Department string

// The departments of the leading group (领导小组).
const (
	CivilAffairs Department = "civil_affairs"
	Police       Department = "police"
	Education    Department = "education"
	Health       Department = "health"
	Women        Department = "women_federation"
	Township     Department = "township"
	City         Department = "city"
)

// Grant gives a role within an area (a region code; the prefix rule holds)
// and a department.
type Grant struct {
	Role       Role       `json:"role"`
	Region     string     `json:"region"`
	Department Department `json:"department"`
}

// Covers tells whether the region lies in the grant's area.
func (g Grant) Covers(region string) bool { return strings.HasPrefix(region, g.Region) }

// Actor is who asks.
type Actor struct {
	Account id.ID
	Session id.ID
	Name    string // shown to colleagues, never logged
	Grants  []Grant
	System  bool // the program itself: clocks, gateways, imports under way

	// Hidden are the children that the actor may not find: it stands on the
	// conflict list of an open matter of theirs. No role, task or ownership
	// opens anything of theirs, in any room.
	Hidden []id.ID
}

// System is the actor of what the program does by itself.
func System(name string) Actor { return Actor{Account: id.ID("system:" + name), System: true} }

// Has tells whether the actor holds the role anywhere.
func (a Actor) Has(r Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == r })
}

// Finds tells whether the child is not hidden from the actor; true of no child.
func (a Actor) Finds(child id.ID) bool {
	return a.System || child == "" || !slices.Contains(a.Hidden, child)
}

// Target is what the action is done to.
type Target struct {
	Region     string     // where the record belongs; "" = the whole district's
	Child      id.ID      // whom it is about; "" = no child
	Owner      id.ID      // whose own it is
	Task       id.ID      // an open task of the actor on it: the purpose
	Department Department // if set, a grant of another department does not count
	Conflicted bool       // the actor stands on the matter's conflict list
	Glass      bool       // the actor's break-glass for this child is open
	Sealed     bool       // a reporter's identity or a shelter's address
}

// Allowed answers the question of the table.
func (a Actor) Allowed(action Action, t Target) bool {
	if a.System {
		return true
	}
	if t.Conflicted || !a.Finds(t.Child) {
		return false
	}
	row, known := rights[action]
	if !known {
		return false
	}
	for _, g := range a.Grants {
		if t.Department != "" && g.Department != t.Department {
			continue
		}
		switch row[g.Role] {
		case 'A':
			if g.Covers(t.Region) || t.Region == "" {
				return true
			}
		case 'T':
			if t.Task != "" {
				return true
			}
		case 'O':
			if t.Owner != "" && t.Owner == a.Account {
				return true
			}
		}
		// A task opens a record outside of the actor's area too.
		if row[g.Role] == 'A' && t.Task != "" && taskOpens(action) {
			return true
		}
	}
	return t.Glass && !t.Sealed && action == "child.read" && a.MayBreakGlass()
}

// taskOpens: a task carries the rights to look and to work on the record, not
// the rights of the record's own officers.
func taskOpens(action Action) bool {
	switch action {
	case "child.read", "child.reveal", "matter.read", "matter.note", "signal.read", "order.read", "position.read", "visit.read", "visit.make":
		return true
	}
	return false
}

// MayBreakGlass tells whether any of the actor's roles may open a child's
// record in an emergency, wherever the child is.
func (a Actor) MayBreakGlass() bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return rights["glass.break"][g.Role] != 0 })
}

// Check is Allowed as an error: not_found where the actor may not even know
// of the record, forbidden else.
func Check(a Actor, action Action, t Target) error {
	if a.Allowed(action, t) {
		return nil
	}
	if !a.mightEver(action) {
		return errs.Forbidden("access.forbidden")
	}
	read := Action(strings.SplitN(string(action), ".", 2)[0] + ".read")
	if _, has := rights[read]; has && !a.Allowed(read, t) {
		return errs.NotFound("record.not_found")
	}
	return errs.Forbidden("access.forbidden")
}

// mightEver tells whether any role of the actor could do the action on some
// record: such an actor must not learn from the answer that this one exists.
func (a Actor) mightEver(action Action) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return rights[action][g.Role] != 0 })
}

// May is Check for actions on no record in particular ("may see the page").
func May(a Actor, action Action) error {
	if a.System || a.mightEver(action) {
		return nil
	}
	return errs.Forbidden("access.forbidden")
}

// Areas gives the region codes in which the action is the actor's by area.
// Lists take them as their predicate; nested ones are dropped.
func (a Actor) Areas(action Action) []string {
	if a.System {
		return []string{""}
	}
	var out []string
	for _, g := range a.Grants {
		if rights[action][g.Role] == 'A' {
			out = append(out, g.Region)
		}
	}
	slices.Sort(out)
	kept := out[:0]
	for _, c := range out {
		if len(kept) == 0 || !strings.HasPrefix(c, kept[len(kept)-1]) {
			kept = append(kept, c)
		}
	}
	return kept
}

// Shown gives the SQL predicate "column is none of the children that are hidden
// from the actor", with its arguments. Every list that names children has it,
// beside areas, tasks and what is the actor's own.
func (a Actor) Shown(column string) (string, []any) {
	if len(a.Hidden) == 0 || a.System {
		return "1 = 1", nil
	}
	args := make([]any, len(a.Hidden))
	for i, c := range a.Hidden {
		args[i] = c
	}
	return column + " NOT IN (?" + strings.Repeat(", ?", len(args)-1) + ")", args
}

// Lists gives the predicate of a list: the region lies in the actor's areas of
// the action, and the child is not hidden from the actor.
func (a Actor) Lists(action Action, region, child string) (string, []any) {
	where, args := Where(region, a.Areas(action))
	shown, more := a.Shown(child)
	return "(" + where + " AND " + shown + ")", append(args, more...)
}

// Where gives the SQL predicate "column lies in one of the areas" as ranges
// of the prefix, which an index serves, with its arguments. No area: false.
func Where(column string, areas []string) (string, []any) {
	var parts []string
	var args []any
	for _, code := range areas {
		if code == "" {
			return "1 = 1", nil
		}
		parts = append(parts, "("+column+" >= ? AND "+column+" < ?)")
		args = append(args, code, After(code))
	}
	if len(parts) == 0 {
		return "1 = 0", nil
	}
	return "(" + strings.Join(parts, " OR ") + ")", args
}

// After gives the smallest text behind all that begin with the prefix.
func After(prefix string) string {
	return prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
}

// Compatible tells whether one account may hold both roles: the three
// administrators are three people, and none of them works at the seat or in
// the field; a citizen's account is only that.
func Compatible(a, b Role) bool {
	if a == b {
		return true
	}
	apart := func(r Role) bool { return r == SystemAdmin || r == SecurityAdmin || r == Auditor || r == Citizen }
	return !apart(a) && !apart(b)
}

// NeedsSecondFactor tells whether the role obliges to a second factor:
// administrators, and whoever may see crisis records. Field staff see them by
// their orders, so that only citizens are free of it.
func NeedsSecondFactor(r Role) bool { return r != Citizen }

type actorKey struct{}

// With puts the actor into the context of a request.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// From takes the actor out; an actor without grants if there is none.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// Hide gives the context of the same actor, from which these children are
// hidden too.
func Hide(ctx context.Context, children ...id.ID) context.Context {
	a := From(ctx)
	a.Hidden = append(slices.Clone(a.Hidden), children...)
	return With(ctx, a)
}
