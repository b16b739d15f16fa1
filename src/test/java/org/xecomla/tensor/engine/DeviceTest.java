package org.xecomla.tensor.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.xecomla.errors.UserException;

class DeviceTest {
    @Test
    void devicesThatTheBackEndHasNoCodeForAreNamed() {
        assertEquals(Optional.empty(), Device.obstacle(0, 7, 0));
        assertEquals(Optional.empty(), Device.obstacle(0, 8, 9));
        String why = Device.obstacle(1, 9, 0).orElseThrow();
        assertTrue(why.startsWith("GPU 1 has compute capability 9.0"), why);
        assertTrue(why.endsWith("or compute.kernels = cpu"), why);
    }

    @Test
    void aBuildForTheProcessorHasNoDevice() {
        assertEquals(0, Device.count());
        assertTrue(assertThrows(UserException.class, () -> Device.use(0))
                .getMessage()
                .contains("-Pcuda"));
    }
}
