// Before each test file: sequences are as long as a property lets them be, as the first ten steps
// of a cache or a ring show little.

import fc from "fast-check";

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
