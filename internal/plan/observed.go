package plan

// Observed is what a platform shows of a component.
type Observed struct {
	// Groups by their workload's name.
	Groups map[string]ObservedGroup
	// Instances by their name; instances that are being removed are among them.
	Instances map[string]ObservedInstance
	// Volumes by their name.
	Volumes map[string]ObservedVolume
	// Workloads by their name: whether all instances of each are ready and as it was last written. One that starts, or that the
	// platform has not looked at since it was written, is not.
	Workloads map[string]bool
}

// ObservedGroup is a group's workload as it was last written.
type ObservedGroup struct {
	// Group is the name of the group: the pool's name.
	Group string
	// Facts as Group.Facts had them.
	Facts map[string]string
	// Instances are the names of the instances that the workload asks for.
	Instances []string
	// Restart is set when a person asked for a restart of all its instances.
	Restart bool
	// Trouble says why the workload's instances cannot be made; empty when they can.
	Trouble string
}

// ObservedInstance is a running (or starting, or ending) instance.
type ObservedInstance struct {
	// Group is the name of the instance's group.
	Group string
	// ID is the product's number of the instance.
	ID int32
	// Roles as Instance.Roles had them.
	Roles map[string]bool
	// UID tells this incarnation from the next.
	UID string
	// Ready is the platform's view of readiness.
	Ready bool
	// Stuck says why the instance cannot start without help: unschedulable, crash loop, missing image.
	Stuck string
	// NeverRan is set while the instance's main process has not been started once.
	NeverRan bool
	// Ending instances have been told to stop.
	Ending bool
	// Restart is set when a person asked for a restart of this instance.
	Restart bool
	// Facts as Instance.Facts had them when the instance was made, and Instance.LiveFacts since.
	Facts map[string]string
}

// ObservedVolume is a volume that exists.
type ObservedVolume struct {
	// Size that it has and Requested that it should have, in the platform's notation.
	Size, Requested string
	// Class that it is of.
	Class string
	// Bound once storage is attached.
	Bound bool
	// Growing while the platform enlarges it; NeedsRestart when it waits for its instance to restart.
	Growing, NeedsRestart bool
	// DeleteWhenUnused and Facts as they were last recorded.
	DeleteWhenUnused bool
	Facts            map[string]string
	// Group is the name of the group whose instance the volume belongs to, ID that instance's number.
	Group string
	ID    int32
}
