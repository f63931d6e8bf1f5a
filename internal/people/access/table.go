package access

import "strings"

// Action is something a person does or sees. Its part before the dot names
// the noun; reading is "noun.read".
type Action string

// table is the one place where rights are written down. Columns:
//
//	op seat operator        ld seat leader        tw township officer
//	vi children's director  gw grid worker        po police liaison
//	co school counsellor    se bureau section     hd bureau head
//	ci city centre          ad system admin       sc security admin
//	au auditor              cz citizen            te teacher
//	cl clinician            sw social worker      sv supervisor
//	vo volunteer carer
const table = `
                        op ld tw vi gw po co se hd ci ad sc au cz te cl sw sv vo
region.read             A  A  A  A  A  A  A  A  A  A  A  A  A  A  A  A  A  A  A
region.manage           .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
account.read            .  A  A  .  .  .  .  .  .  .  A  A  A  .  .  .  .  .  .
account.own             O  O  O  O  O  O  O  O  O  O  O  O  O  O  O  O  O  O  O
account.manage          .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
account.approve         .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
grant.propose           .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
grant.approve           .  .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .
child.read              A  A  A  A  T  T  T  A  A  .  .  .  .  .  .  T  T  A  T
child.search            A  A  A  A  .  .  .  A  A  .  .  .  .  .  .  .  .  A  .
child.pick              .  .  .  .  .  .  O  .  .  .  .  .  .  .  O  O  A  .  .
child.reveal            A  A  A  T  T  T  T  A  .  .  .  .  .  .  .  T  T  T  .
child.write             .  .  A  A  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
child.import            .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
child.merge             .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
child.export            .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
child.erase             .  .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .
glass.break             A  A  A  A  .  .  A  A  .  .  .  .  .  .  .  .  .  A  .
glass.confirm           .  A  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .
glass.read              .  A  .  .  .  .  .  .  A  .  .  A  A  .  .  .  .  .  .
signal.read             A  A  T  T  T  T  .  A  .  A  .  .  .  .  .  T  T  T  .
signal.create           A  A  A  A  A  A  A  A  .  A  .  .  .  .  A  A  A  A  A
signal.match            A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
matter.read             A  A  A  T  T  T  T  A  A  T  .  .  .  .  .  T  T  A  .
matter.open             A  A  A  A  A  A  A  A  .  A  .  .  .  .  A  A  A  A  A
matter.note             A  A  A  T  T  T  T  A  .  T  .  .  .  .  .  T  T  T  .
matter.urgency          A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
matter.conflict         A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
matter.contact          .  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
matter.lock             A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
matter.close            A  A  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
matter.confirm          A  A  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .
matter.export           .  A  .  .  .  .  .  A  A  .  .  .  .  .  .  .  .  .  .
matter.reopen           A  A  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
reporter.read           .  .  .  .  .  T  .  .  .  .  .  .  .  .  .  .  .  .  .
order.read              A  A  A  T  T  T  T  A  A  T  .  .  .  .  T  T  T  A  T
order.dispatch          A  A  A  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .
order.accept            .  T  T  T  T  T  T  T  T  T  .  .  .  .  T  T  T  T  T
order.progress          .  T  T  T  T  T  T  T  T  T  .  .  .  .  T  T  T  T  T
order.decline           .  .  T  T  T  T  T  T  .  .  .  .  .  .  T  T  T  T  T
order.callback          A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
order.urge              A  A  A  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .
order.escalate          A  A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
order.cancel            A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
duty.read               A  A  A  A  A  A  A  A  A  .  A  .  .  .  .  A  A  A  .
duty.write              .  A  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
duty.handover           A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
policy.read             A  A  A  .  .  .  .  A  A  .  A  A  A  .  .  .  .  .  .
policy.write            .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
place.read              A  A  A  A  .  A  .  A  A  A  A  .  .  .  .  .  .  .  .
place.write             .  A  .  .  .  .  .  A  .  .  A  .  .  .  .  .  .  .  .
school.read             A  A  A  A  .  .  A  A  A  .  A  .  .  .  .  A  A  A  .
school.write            .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
drill.run               .  A  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .
drill.read              A  A  A  .  .  .  .  A  A  .  .  .  .  .  .  .  .  .  .
outbox.read             .  A  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
channel.test            .  A  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
device.read             A  A  A  A  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
device.write            .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
model.read              .  .  .  .  .  .  .  A  A  .  A  .  .  .  .  .  .  .  .
model.write             .  .  .  .  .  .  .  A  .  .  A  .  .  .  .  .  .  .  .
model.approve           .  .  .  .  .  .  .  A  A  .  .  .  .  .  .  .  .  .  .
device.export           .  A  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
device.command          A  A  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
fence.read              A  A  A  A  T  T  .  A  .  .  .  .  .  .  .  .  .  .  .
fence.write             .  .  A  A  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
guard.read              A  A  A  A  T  T  .  A  A  .  .  .  .  .  .  .  .  .  .
device.hand             .  .  A  A  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
guardian.read           A  A  A  A  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
guardian.check          .  .  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
guardian.bar            .  A  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
guardian.tell           .  .  A  A  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
guardian.own            .  .  .  .  .  .  .  .  .  .  .  .  .  O  .  .  .  .  .
media.read              A  A  .  .  .  T  .  .  .  .  .  .  .  .  .  .  .  .  .
position.read           A  A  T  T  T  T  .  .  .  .  .  .  .  .  .  .  .  .  .
help.answer             A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
help.identify           .  .  .  .  .  T  .  .  .  .  .  .  .  .  .  .  .  .  .
case.refer              A  A  A  A  .  A  A  A  .  .  .  .  .  .  O  A  A  A  .
case.intake             .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  A  .
case.read               .  .  .  .  .  .  T  A  A  .  .  .  .  .  .  T  T  A  .
case.work               .  .  .  .  .  .  O  .  .  .  .  .  .  .  .  O  O  .  .
case.note               .  .  .  .  .  .  O  A  .  .  .  .  .  .  .  O  O  O  .
case.secret             .  .  .  .  .  .  O  .  .  .  .  .  .  .  .  O  O  O  .
case.approve            .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  A  .
case.confirm            .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  A  .
case.handover           .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  A  .
case.find               .  .  A  .  .  .  A  A  .  .  .  .  .  .  .  A  A  A  .
case.safety             A  A  T  T  T  T  T  .  .  .  .  .  .  .  .  T  T  A  .
case.supervise          .  .  .  .  .  .  .  A  A  .  .  .  .  .  .  .  .  A  .
report.make             A  A  A  A  A  A  A  A  A  .  .  .  .  .  A  A  A  A  A
report.handle           .  A  .  .  .  A  .  A  .  .  .  .  .  .  .  .  .  .  .
report.list             .  A  .  .  .  A  .  A  A  .  .  .  .  .  .  .  .  .  .
report.own              O  O  O  O  O  O  O  O  O  .  .  .  .  .  O  O  O  O  O
event.write             .  .  A  .  .  .  A  A  .  .  .  .  .  .  .  A  A  A  .
event.read              .  A  A  .  .  .  A  A  A  .  .  .  .  .  .  A  A  A  .
call.read               A  A  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  A  .
call.take               A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
call.export             .  A  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  A  .
call.wrap               A  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
recording.play          .  A  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  A  .
line.manage             .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
audit.read              .  .  .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .
system.read             .  A  .  .  .  .  .  .  .  .  A  A  A  .  .  .  .  .  .
system.manage           .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
key.manage              .  .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .
report.read             .  A  A  .  .  .  .  A  A  .  .  .  .  .  .  .  .  A  .
drawing.print           .  .  A  .  .  .  A  A  .  .  .  .  .  .  A  .  .  .  .
drawing.upload          .  .  A  A  .  .  A  A  .  .  .  .  .  .  A  .  A  .  .
drawing.mend            .  .  .  .  .  .  A  A  .  .  .  .  .  .  .  .  .  A  .
drawing.read            .  .  A  A  .  .  A  A  A  .  .  .  .  .  A  A  A  A  .
drawing.rate            .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  A  .  .  .
drawing.result          .  .  .  .  .  .  A  A  .  .  .  .  .  .  .  A  .  A  .
drawing.report          .  .  .  .  .  .  .  A  A  .  .  .  .  .  .  .  .  A  .
drawing.train           .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  A  .
report.record           .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
platform.read           .  .  .  .  .  .  .  .  .  .  A  A  .  .  .  .  .  .  .
platform.manage         .  .  .  .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
instrument.read         .  .  A  A  A  .  A  A  A  .  .  .  .  .  A  A  A  A  .
instrument.write        .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  A  .  .  .
instrument.sign         .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  A  .  .  .
campaign.read           .  .  A  A  A  .  A  A  A  .  .  .  .  .  A  A  A  A  .
campaign.write          .  .  A  .  .  .  A  A  .  .  .  .  .  .  .  .  .  .  .
campaign.consent        .  .  A  A  A  .  A  A  .  .  .  .  .  .  .  A  A  .  .
responder.manage        .  .  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
sheet.take              .  .  A  A  A  .  A  .  .  .  .  .  .  .  .  A  A  .  .
sheet.type              .  .  A  A  .  .  A  A  .  .  .  .  .  .  .  A  A  .  .
sheet.read              .  .  T  T  T  .  A  .  .  .  .  .  .  .  .  A  T  A  .
level.read              A  A  A  A  T  .  A  A  A  .  .  .  .  .  .  A  T  A  T
level.list              .  A  A  .  .  .  A  A  A  .  .  .  .  .  .  A  .  A  .
level.assess            .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  A  .  .  .
level.contact           .  .  A  A  A  .  A  .  .  .  .  .  .  .  .  A  A  .  T
level.override          .  .  .  .  .  .  .  A  A  .  .  .  .  .  .  .  .  A  .
rule.read               .  .  .  .  .  .  .  A  A  .  .  .  .  .  .  A  .  A  .
rule.publish            .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
workforce.read          .  A  A  .  .  .  .  A  A  .  .  .  .  .  .  .  .  A  .
workforce.write         .  .  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
workforce.vet           .  .  .  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
workforce.match         .  .  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  A  .
duties.read             A  A  A  A  A  A  A  A  A  .  .  .  .  .  A  A  A  A  .
venue.read              .  .  A  A  .  .  A  A  A  .  .  .  .  .  .  A  A  A  .
venue.write             .  .  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  .  .
venue.book              .  .  A  A  .  .  A  A  .  .  .  .  .  .  .  A  A  A  .
pairing.read            .  A  A  A  .  .  .  A  A  .  .  .  .  .  .  .  .  A  O
pairing.write           .  .  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  A  .
visit.read              .  A  A  A  T  .  T  A  A  .  .  .  .  .  .  T  T  A  T
visit.make              .  .  A  A  T  .  T  .  .  .  .  .  .  .  .  T  T  .  T
visit.plan              .  .  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  A  .
visit.decide            .  .  A  .  .  .  .  A  .  .  .  .  .  .  .  .  .  A  .
phone.wipe              .  .  A  .  .  .  .  A  .  .  A  A  .  .  .  .  .  .  .
outcome.read            .  .  .  .  .  .  T  A  A  .  .  .  .  .  .  T  T  A  .
outcome.write           .  .  .  .  .  .  O  A  .  .  .  .  .  .  .  O  O  A  .
`

// columns gives the role of each column of table, left to right.
var columns = []Role{SeatOperator, SeatLeader, TownshipOfficer, VillageDirector, GridWorker, PoliceLiaison,
	Counsellor, BureauSection, BureauHead, CityCentre, SystemAdmin, SecurityAdmin, Auditor, Citizen,
	Teacher, Clinician, SocialWorker, Supervisor, Volunteer}

// rights is the table, read once.
var rights = parse(table)

func parse(text string) map[Action]map[Role]byte {
	out := map[Action]map[Role]byte{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n")[1:] {
		cells := strings.Fields(line)
		row := map[Role]byte{}
		for i, cell := range cells[1:] {
			if cell != "." {
				row[columns[i]] = cell[0]
			}
		}
		out[Action(cells[0])] = row
	}
	return out
}

// Actions lists every action of the table, in its order.
func Actions() []Action {
	var out []Action
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
		out = append(out, Action(strings.Fields(line)[0]))
	}
	return out
}
