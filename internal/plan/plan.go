package plan

// Plan is everything that should exist for one component of one owner.
// Whatever carries the component's mark and is not in the Plan is to be removed, volumes excepted:
// those follow their own KeepWhenUnused.
type Plan struct {
	// Owner is the resource whose wish this is.
	Owner Owner
	// Component is what the plan describes, for example the Kafka nodes of a cluster.
	Component Component
	// Account is the identity under which the instances run.
	Account Account
	// Secrets hold key material and certificates, in the order in which they are to be written.
	Secrets []Secret
	// Endpoints are the addresses under which clients and instances reach instances.
	Endpoints []Endpoint
	// Groups are the sets of instances of one shape, in the order of their names.
	Groups []Group
	// Workload runs besides the groups; nil for none.
	Workload *Workload
	// KeepVolumes keeps volumes that nothing wants any more, also those with DeleteWhenUnused: something still changes.
	KeepVolumes bool
	// Disruption bounds voluntary interruptions; nil leaves them unbounded.
	Disruption *Disruption
	// Inbound lists the traffic that instances accept; nil leaves the network open.
	Inbound *Inbound
}

// Owner identifies the resource that wants something.
type Owner struct {
	// APIVersion and Kind name the resource's type, for example kafka.strimzi.io/v1 and Kafka.
	APIVersion, Kind string
	// Namespace and Name say which resource.
	Namespace, Name string
	// UID is the platform's unique id of the resource; it tells a resource from a later one of the same name.
	UID string
	// Labels are the resource's own labels, carried over to what it owns.
	Labels map[string]string
}

// Component names a part of a product.
type Component struct {
	// Type is the sort of component: kafka, entity-operator, ….
	Type string
	// Name is unique in the namespace: <cluster>-kafka.
	Name string
}

// Account is the identity of instances towards the platform.
type Account struct {
	// Name of the account.
	Name string
	// ReadsPlatformNodes lets instances look up the machine they run on, for its rack and addresses.
	ReadsPlatformNodes bool
	// Roles are what else it may do. Those that the plan no longer has are taken away, wherever they are.
	Roles []Role
	// Template is the user's platform specific addition.
	Template any
}

// Role is what an account may do in one namespace.
type Role struct {
	// Name of the role, unique in its namespace.
	Name string
	// Namespace in which it holds; empty for the owner's.
	Namespace string
	// Rules list what may be done.
	Rules []Rule
	// Grants give the role to the account: one for each part that needs it, so that a part can go by itself.
	Grants []Grant
	// Template is the user's platform specific addition.
	Template any
}

// Rule allows to do something with resources that the platform keeps.
type Rule struct {
	// Group and Resources name the resources: kafka.strimzi.io and kafkatopics. An empty group is the platform's own.
	Group     string
	Resources []string
	// Verbs are what may be done: get, list, watch, create, patch, update, delete.
	Verbs []string
}

// Grant gives a role to an account.
type Grant struct {
	// Name of the grant, unique in the role's namespace.
	Name string
	// Component is the part that needs the role when it is not the plan's own.
	Component Component
	// Template is the user's platform specific addition.
	Template any
}

// Secret is named key material.
type Secret struct {
	// Name within the owner's namespace.
	Name string
	// Component is the part that the secret belongs to when it is not the plan's own.
	Component Component
	// Data maps file names to contents.
	Data map[string][]byte
	// Facts are remarks about the contents: generations, hashes.
	Facts map[string]string
	// Unowned secrets stay when their owner goes.
	Unowned bool
	// OwnerUID is the owner of a secret that was read; empty for one without owner.
	OwnerUID string
	// Template is the user's platform specific addition.
	Template any
}

// Reach says from where an endpoint can be reached.
type Reach string

// The reaches that exist.
const (
	// ReachInstances gives each instance a name of its own and has no address itself.
	ReachInstances Reach = "instances"
	// ReachCluster is an address inside the platform's network.
	ReachCluster Reach = "cluster"
)

// Endpoint is a stable address in front of instances.
type Endpoint struct {
	// Name of the endpoint, unique in the namespace.
	Name string
	// Reach says who can reach it.
	Reach Reach
	// Group owns the endpoint when it belongs to one group; empty otherwise.
	Group string
	// Instance is set when the endpoint leads to this instance alone.
	Instance string
	// Role restricts the endpoint to instances which have it; empty for all.
	Role string
	// Ports that it offers.
	Ports []Port
	// EvenUnready leads to instances before they are ready.
	EvenUnready bool
	// Facts are remarks for people and programs that look for endpoints.
	Facts map[string]string
	// Labels mark the endpoint for discovery.
	Labels map[string]string
	// IPFamilyPolicy and IPFamilies choose address families in the user's words; empty for the platform's default.
	IPFamilyPolicy string
	IPFamilies     []string
	// Template is the user's platform specific addition.
	Template any
}

// Port is a TCP port.
type Port struct {
	// Name is unique within an instance and within an endpoint.
	Name string
	// Number is what clients connect to and what the instance listens on.
	Number int32
}

// Group is a set of instances that one resource asks for, for example a node pool.
type Group struct {
	// Name of the group as its users know it: the pool's name.
	Name string
	// Set is the name of the group's workload: <cluster>-<pool>.
	Set string
	// Owner is the resource that asks for the group.
	Owner Owner
	// Facts are remarks about the group as a whole.
	Facts map[string]string
	// Instances in the order of their ids.
	Instances []Instance
	// Retiring names instances that the plan no longer has and that nevertheless stay, as they are, until the others
	// can do without them.
	Retiring []string
	// Template is the user's platform specific addition.
	Template any
}

// Instance is one process with its own identity and data.
type Instance struct {
	// Name is unique in the namespace: <cluster>-<pool>-<id>.
	Name string
	// ID is the number by which the product knows the instance.
	ID int32
	// Roles maps every role name that the component knows to whether the instance has it.
	Roles map[string]bool
	// Domain is the endpoint of reach instances under which the instance's own name is found.
	Domain string
	// Facts are remarks whose change replaces the instance; LiveFacts are remarks that change while it runs.
	Facts, LiveFacts map[string]string
	// Main is the instance's process; Prepare runs to its end before it.
	Main    Process
	Prepare []Process
	// Files are configuration; a change of them does not by itself replace the instance.
	Files map[string]string
	// Mounts are the directories that processes of the instance see.
	Mounts []Mount
	// Spread is the key of the machine property that every machine must have; empty for any machine.
	Spread string
}

// Workload is a number of instances that are all alike and keep nothing, so that each can take another's place anywhere.
// When it changes, those that run end before new ones start.
type Workload struct {
	// Name is unique in the namespace.
	Name string
	// Replicas is how many instances there are.
	Replicas int32
	// Facts are remarks about the workload as a whole; a change of them does not replace instances.
	Facts map[string]string
	// Processes run side by side in every instance.
	Processes []Process
	// Files are configuration; a change of them does not by itself replace instances.
	Files []FileSet
	// Mounts are the directories that processes see.
	Mounts []Mount
	// Template and InstanceTemplate are the user's platform specific additions to the workload and to its instances.
	Template, InstanceTemplate any
}

// FileSet is configuration with a name of its own.
type FileSet struct {
	// Name is unique in the namespace.
	Name string
	// Component is the part that the files belong to when it is not the plan's own.
	Component Component
	// Files maps names to contents.
	Files map[string]string
}

// Process is a program in an image.
type Process struct {
	// Name of the process within the instance.
	Name string
	// Image that holds the program.
	Image string
	// Command is the program with its arguments; empty runs the image's own. Args are further arguments.
	Command, Args []string
	// Env in the order in which it is set.
	Env []Env
	// Ports on which the process listens.
	Ports []Port
	// Resources asked for and allowed.
	Resources Resources
	// Startup, Ready and Alive are the questions that the platform asks; nil asks nothing.
	Startup, Ready, Alive *Check
	// Mounts are the names of the instance's mounts that the process sees.
	Mounts []string
	// Template is the user's platform specific addition.
	Template any
}

// Env is one environment variable; its value is Value, or the content of a key of a secret.
type Env struct {
	Name, Value string
	// SecretName and SecretKey, when set, take the place of Value.
	SecretName, SecretKey string
	// Machine takes the name of the machine that the instance runs on.
	Machine bool
}

// Resources are quantities in the platform's notation ("500m", "2Gi"), by resource name.
type Resources struct {
	Requests, Limits map[string]string
}

// Check is a question over HTTP: any answer from 200 to 399 is yes.
type Check struct {
	// Path and Port of the question.
	Path string
	Port int32
	// InitialDelaySeconds, PeriodSeconds and TimeoutSeconds are in seconds; 0 is the platform's default.
	InitialDelaySeconds, PeriodSeconds, TimeoutSeconds int32
	// FailureThreshold and SuccessThreshold count answers in a row; 0 is the platform's default.
	FailureThreshold, SuccessThreshold int32
}

// Mount is a directory of an instance. Exactly one of its sources is set.
type Mount struct {
	// Name is unique within the instance.
	Name string
	// Path is where processes see it.
	Path string
	// Volume is a durable directory.
	Volume *Volume
	// Scratch is a directory that lives as long as the instance.
	Scratch *Scratch
	// Secret is the name of a secret whose files appear.
	Secret string
	// Files shows the instance's Files, FileSet those of the workload's set of that name.
	Files   bool
	FileSet string
	// Account shows the credentials of the instance's account.
	Account bool
}

// Volume is durable storage of an instance; its data outlives the instance.
type Volume struct {
	// Name is unique in the namespace: data-0-<instance>.
	Name string
	// Size in the platform's notation.
	Size string
	// Class and AttributesClass name the kind of storage; empty for the platform's default.
	Class, AttributesClass string
	// Selector restricts which existing storage may be bound.
	Selector map[string]string
	// DeleteWhenUnused removes the data when nothing wants it any more.
	DeleteWhenUnused bool
	// Facts are remarks about the data.
	Facts map[string]string
	// Template is the user's platform specific addition.
	Template any
}

// Scratch is temporary storage.
type Scratch struct {
	// SizeLimit in the platform's notation; empty for none.
	SizeLimit string
	// Memory keeps it off disks.
	Memory bool
}

// Disruption bounds how many instances may be interrupted at once.
type Disruption struct {
	// Name of the bound.
	Name string
	// MinAvailable is how many instances must stay; MaxMissing, when set, is instead how many may be missing.
	MinAvailable int32
	MaxMissing   *int32
	// Template is the user's platform specific addition.
	Template any
}

// Inbound is the traffic that a component's instances accept; all other traffic is refused.
type Inbound struct {
	// Name of the rule set.
	Name string
	// Rules that allow traffic; a connection needs one of them.
	Rules []InboundRule
}

// InboundRule allows some peers to reach a port.
type InboundRule struct {
	// Port that is reached.
	Port int32
	// Components of the same cluster which may connect, by component name.
	Components []string
	// Operator allows the operator.
	Operator bool
	// Anyone allows every peer.
	Anyone bool
	// Template is a list of peers in the platform's words.
	Template any
}
