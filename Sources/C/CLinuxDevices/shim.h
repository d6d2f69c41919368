#include <linux/input.h>
#include <linux/videodev2.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

// Requests of ioctl(2), which Swift does not import since they are macros that compute.
static const unsigned long tallyman_EVIOCGRAB = EVIOCGRAB;
static const unsigned long tallyman_EVIOCGID = EVIOCGID;
static const unsigned long tallyman_VIDIOC_QUERYCAP = VIDIOC_QUERYCAP;
static const unsigned long tallyman_VIDIOC_ENUM_FMT = VIDIOC_ENUM_FMT;
static const unsigned long tallyman_VIDIOC_S_FMT = VIDIOC_S_FMT;
static const unsigned long tallyman_VIDIOC_REQBUFS = VIDIOC_REQBUFS;
static const unsigned long tallyman_VIDIOC_QUERYBUF = VIDIOC_QUERYBUF;
static const unsigned long tallyman_VIDIOC_QBUF = VIDIOC_QBUF;
static const unsigned long tallyman_VIDIOC_DQBUF = VIDIOC_DQBUF;
static const unsigned long tallyman_VIDIOC_STREAMON = VIDIOC_STREAMON;
static const unsigned long tallyman_VIDIOC_STREAMOFF = VIDIOC_STREAMOFF;
