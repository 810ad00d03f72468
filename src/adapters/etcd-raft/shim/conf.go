package main

import (
	"fmt"

	"go.etcd.io/raft/v3/confchange"
	pb "go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"
	"google.golang.org/protobuf/proto"
)

const membersMax = 64

// changeOf reads the change that an entry carries; nil when it carries none that can be read and named.
func changeOf(e *pb.Entry) *pb.ConfChangeV2 {
	var cc *pb.ConfChangeV2
	switch e.GetType() {
	case pb.EntryConfChange:
		v1 := &pb.ConfChange{}
		if decodeStrictly.Unmarshal(e.GetData(), v1) != nil {
			return nil
		}
		cc = v1.AsV2()
	case pb.EntryConfChangeV2:
		cc = &pb.ConfChangeV2{}
		if decodeStrictly.Unmarshal(e.GetData(), cc) != nil {
			return nil
		}
	default:
		return nil
	}
	if !isNamed(cc) {
		return nil
	}
	return cc
}

// isNamed is true when every number of a change is one that has a name: etcd-raft panics at others.
func isNamed(cc *pb.ConfChangeV2) bool {
	if cc.GetTransition() < 0 || cc.GetTransition() > pb.ConfChangeTransitionJointExplicit ||
		len(cc.GetChanges()) > membersMax {
		return false
	}
	for _, one := range cc.GetChanges() {
		if one.GetType() < 0 || one.GetType() > pb.ConfChangeAddLearnerNode ||
			one.GetNodeId() == 0 || one.GetNodeId() > numberMax {
			return false
		}
	}
	return true
}

// changerFor is etcd-raft's own configuration changer, standing at a membership.
func changerFor(cs *pb.ConfState) (confchange.Changer, error) {
	changer := confchange.Changer{Tracker: tracker.MakeProgressTracker(1, 0), LastIndex: 1}
	config, progress, err := confchange.Restore(changer, cs)
	if err != nil {
		return changer, err
	}
	changer.Tracker.Config, changer.Tracker.Progress = config, progress
	return changer, nil
}

// checkConf says what is wrong with a membership, or nothing. An empty one is good: a newcomer's.
func checkConf(cs *pb.ConfState) string {
	members := 0
	for _, set := range [][]uint64{cs.GetVoters(), cs.GetLearners(), cs.GetVotersOutgoing(), cs.GetLearnersNext()} {
		seen := map[uint64]bool{}
		for _, id := range set {
			if id == 0 || id > numberMax || seen[id] {
				return fmt.Sprintf("replica %d is no replica, or there twice", id)
			}
			seen[id] = true
		}
		members += len(set)
	}
	if members == 0 {
		return ""
	}
	if members > membersMax || len(cs.GetVoters()) == 0 {
		return fmt.Sprintf("%d members, %d voters", members, len(cs.GetVoters()))
	}
	changer, err := changerFor(cs)
	if err != nil {
		return err.Error()
	}
	// The changer's copies lose auto-leave, which a joint membership may have; a simple one may not.
	restored := changer.Tracker.ConfState()
	if len(cs.GetVotersOutgoing()) > 0 {
		restored.AutoLeave = proto.Bool(cs.GetAutoLeave())
	}
	if cs.Equivalent(restored) != nil {
		return "no membership that changes could have led to"
	}
	return ""
}

// tryChange says what etcd-raft would say to a change at a membership, without touching the group: applying
// one that it refuses would panic there, on every replica.
func tryChange(cs *pb.ConfState, cc *pb.ConfChangeV2) error {
	changer, err := changerFor(cs)
	if err != nil {
		return err
	}
	var config tracker.Config
	if cc.LeaveJoint() {
		config, _, err = changer.LeaveJoint()
	} else if autoLeave, joint := cc.EnterJoint(); joint {
		config, _, err = changer.EnterJoint(autoLeave, cc.GetChanges()...)
	} else {
		config, _, err = changer.Simple(cc.GetChanges()...)
	}
	if err == nil && len(config.Voters[0])+len(config.Voters[1])+len(config.Learners) > membersMax {
		err = fmt.Errorf("more than %d members", membersMax)
	}
	return err
}

// checkChange holds a change that is proposed here to more than tryChange: each part of it changes something,
// and no replica is named twice.
func checkChange(cs *pb.ConfState, cc *pb.ConfChangeV2) error {
	seen := map[uint64]bool{}
	for _, one := range cc.GetChanges() {
		id := one.GetNodeId()
		if id == 0 || id > numberMax || seen[id] {
			return fmt.Errorf("replica %d is no replica, or named twice", id)
		}
		seen[id] = true
		voter, learner := contains(cs.GetVoters(), id), contains(cs.GetLearners(), id)
		switch one.GetType() {
		case pb.ConfChangeAddNode:
			if voter {
				return fmt.Errorf("replica %d is a voter already", id)
			}
		case pb.ConfChangeAddLearnerNode:
			if learner {
				return fmt.Errorf("replica %d is a learner already", id)
			}
		case pb.ConfChangeRemoveNode:
			if !voter && !learner {
				return fmt.Errorf("replica %d is not a member", id)
			}
		default:
			return fmt.Errorf("replica %d: nothing that a change does", id)
		}
	}
	return tryChange(cs, cc)
}

func contains(list []uint64, id uint64) bool {
	for _, one := range list {
		if one == id {
			return true
		}
	}
	return false
}

// readConf reads a membership: voters, learners, outgoing voters, learners next, auto-leave.
func (r *reader) conf() *pb.ConfState {
	cs := &pb.ConfState{}
	for _, set := range []*[]uint64{&cs.Voters, &cs.Learners, &cs.VotersOutgoing, &cs.LearnersNext} {
		for n := r.count(8); n > 0; n-- {
			*set = append(*set, r.number())
		}
	}
	cs.AutoLeave = proto.Bool(r.flag())
	return cs
}

func (w *writer) conf(cs *pb.ConfState) {
	w.numbers(cs.GetVoters())
	w.numbers(cs.GetLearners())
	w.numbers(cs.GetVotersOutgoing())
	w.numbers(cs.GetLearnersNext())
	w.flag(cs.GetAutoLeave())
}

// change reads a change: transition, { type, replica } of each part, context.
func (r *reader) change() *pb.ConfChangeV2 {
	transition := pb.ConfChangeTransition(r.u8())
	r.bad = r.bad || transition > pb.ConfChangeTransitionJointExplicit
	cc := &pb.ConfChangeV2{Transition: transition.Enum()}
	for n := r.count(9); n > 0; n-- {
		kind := pb.ConfChangeType(r.u8())
		cc.Changes = append(cc.Changes, &pb.ConfChangeSingle{Type: kind.Enum(), NodeId: proto.Uint64(r.number())})
	}
	cc.Context = r.copied()
	return cc
}

func (w *writer) change(cc *pb.ConfChangeV2) {
	w.u8(uint8(cc.GetTransition()))
	w.u32(uint32(len(cc.GetChanges())))
	for _, one := range cc.GetChanges() {
		w.u8(uint8(one.GetType()))
		w.number(one.GetNodeId())
	}
	w.bytes(cc.GetContext())
}
