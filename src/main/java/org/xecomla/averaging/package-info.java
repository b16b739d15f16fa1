/** How replicas come to the same weights: between threads, or around a ring of sockets. Knows no Spark. */
package org.xecomla.averaging;
