package org.xecomla.files;

import java.util.Iterator;
import java.util.ServiceLoader;
import org.apache.hadoop.conf.Configuration;

/**
 * Hadoop's settings as whatever runs this process knows them: found by {@link ServiceLoader}. Where there is none,
 * those of the files on the class path ({@code core-site.xml} and such).
 */
public interface HadoopSettings {
    /** All settings, of the files on the class path too. */
    Configuration configuration();

    /** Those of this process, as they stand. */
    static Configuration here() {
        Iterator<HadoopSettings> found = ServiceLoader.load(HadoopSettings.class, HadoopSettings.class.getClassLoader())
                .iterator();
        return found.hasNext() ? found.next().configuration() : new Configuration();
    }
}
