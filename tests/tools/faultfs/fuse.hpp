// libfuse's low-level interface in the version that all parts of faultfs are written for (3.12).
#pragma once

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>
