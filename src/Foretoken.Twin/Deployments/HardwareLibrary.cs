using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Models;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Deployments;

/// <summary>Where scenarios look models and GPUs up: the catalogues, and whoever can read a model's config from a file.</summary>
/// <param name="Models">Models by name.</param>
/// <param name="Gpus">Accelerators by name.</param>
/// <param name="ReadModel">
/// Reads the config.json that a scenario names (as written, and where: a path in a file is relative to that file); null when
/// there is no such file. Fails with <see cref="InputException"/> when it cannot be used. Null where no files are read.
/// </param>
public sealed record HardwareLibrary(ModelCatalogue Models, GpuCatalogue Gpus, Func<string, Origin, ModelEntry?>? ReadModel = null)
{
    /// <summary>The built-in catalogues, no files.</summary>
    public static HardwareLibrary BuiltIn { get; } = new(ModelCatalogue.BuiltIn, GpuCatalogue.BuiltIn);
}
