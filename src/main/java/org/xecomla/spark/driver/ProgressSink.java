package org.xecomla.spark.driver;

import java.io.Serializable;

/** Learns within a task how far its training is. */
public interface ProgressSink extends Serializable {
    void add(Progress progress);
}
