package org.xecomla.spark;

import java.io.Serializable;

/** Learns within a task how far its training is. */
interface ProgressSink extends Serializable {
    void add(Progress progress);
}
