/** The directory of X-EcoMLA's official code (AMD-Hybrid-Models). */
package org.xecomla.formats.official;
