package node

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/cluster"
)

// Interface is the name of a node's interface to the other nodes.
const Interface = "eth0"

// configureNetwork gives the node its address and routes, once the supervisor
// has put the interface into the node's namespace.
func configureNetwork(ctx context.Context, spec cluster.NodeSpec) error {
	if err := up("lo"); err != nil {
		return err
	}
	link, err := awaitLink(ctx, Interface)
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: network(spec.Address)}); err != nil {
		return fmt.Errorf("giving the node its address: %w", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("starting the node's interface: %w", err)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return fmt.Errorf("letting the node forward its pods' packets: %w", err)
	}
	return addRoutes(link, spec)
}

// addRoutes leads to the other nodes' pods, and everything else to the gateway:
// the API server and the kubelet insist on a default route.
func addRoutes(link netlink.Link, spec cluster.NodeSpec) error {
	everything := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	routes := append([]cluster.Route{{To: everything, Via: spec.Gateway}}, spec.Routes...)
	for _, route := range routes {
		err := netlink.RouteAdd(&netlink.Route{
			LinkIndex: link.Attrs().Index, Dst: network(route.To), Gw: route.Via.AsSlice(),
		})
		if err != nil {
			return fmt.Errorf("adding the route to %s: %w", route.To, err)
		}
	}
	// An address no pod has is refused at once; each pod's own route is narrower.
	err := netlink.RouteAdd(&netlink.Route{Dst: network(spec.Pods), Type: unix.RTN_UNREACHABLE})
	if err != nil {
		return fmt.Errorf("refusing what is for no pod of %s: %w", spec.Pods, err)
	}
	return nil
}

func up(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("finding the interface %s: %w", name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("starting the interface %s: %w", name, err)
	}
	return nil
}

func awaitLink(ctx context.Context, name string) (netlink.Link, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		link, err := netlink.LinkByName(name)
		if err == nil {
			return link, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the interface %s: %w", name, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// network is the prefix with its address kept, as the netlink library wants it.
func network(prefix netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}
}
