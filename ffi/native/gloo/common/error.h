// Stands in for gloo's header: see README.md.
#pragma once
