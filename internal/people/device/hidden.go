package device

import "zugou/internal/people/access"

// Target describes a device for the question of access: it goes with its
// wearer. What a child wears that is hidden from an actor, its name and where
// it was are hidden with it, from everybody's list to the recordings.
func (d Device) Target() access.Target { return access.Target{Region: d.Region, Child: d.Wearer} }
