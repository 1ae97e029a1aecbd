using Foretoken.Deploy.Import;
using Foretoken.Quantities;
using Foretoken.Twin;
using Xunit;

namespace Foretoken.Tests.Deploy;

/// <summary>Artefacts that others wrote.</summary>
public sealed class ArtefactReaderTests
{
    [Theory]
    [InlineData("vllm serve Qwen/Qwen3-32B --max-num-seqs 64 -tp 2")]
    [InlineData("CUDA_VISIBLE_DEVICES=0,1 vllm serve Qwen/Qwen3-32B --max_num_seqs=64 --tensor_parallel_size=2")]
    [InlineData("python3 -m vllm.entrypoints.openai.api_server \\\n  --model Qwen/Qwen3-32B \\\n  --tensor-parallel-size 2 \\\n  --max-num-seqs '64'")]
    [InlineData("docker run --gpus all -e HF_TOKEN=x -v ~/c:/c -p 8000:8000 --ipc=host vllm/vllm-openai:latest --model Qwen/Qwen3-32B --max-num-seqs 64 --tensor-parallel-size 2")]
    [InlineData("docker run --rm img.example/vllm:1 vllm serve Qwen/Qwen3-32B --max-num-seqs 64 --tensor-parallel-size 2 --trust-remote-code --port 9000")]
    [InlineData("bash -c 'exec vllm serve Qwen/Qwen3-32B --max-num-seqs 64 --tensor-parallel-size 2'")]
    public void Read_LaunchCommand_FindsTheEngineBehindWhateverStandsBefore(string command)
    {
        var result = DeployTexts.Import(new ImportChoices("h100-sxm"), ("a.sh", command));
        var pool = Assert.Single(DeployTexts.Resolve(result.Yaml).Pools);
        Assert.Equal(("Qwen/Qwen3-32B", 2), (pool.Target!.Model.Name, pool.Target.Layout.TensorParallel));
        Assert.Contains("max_num_seqs: 64", result.Yaml, StringComparison.Ordinal);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("vllm serve m/x --enable-chunked-prefill=false", "enable_chunked_prefill: false")]
    [InlineData("vllm serve m/x --no-enable-prefix-caching", "enable_prefix_caching: false")]
    [InlineData("vllm serve m/x --max-model-len 32K", "max_model_len: 32Ki")]
    [InlineData("vllm serve m/x --max-model-len -1", "max_model_len: auto")]
    [InlineData("vllm serve m/x --kv-cache-memory-bytes 1000", "kv_cache_memory_bytes: 1000B")]
    [InlineData("docker run vllm/vllm-openai:v0.11.0 --model m/x", "version: \"0.11.0\"")]
    [InlineData("docker run lmsysorg/sglang:v0.5.6.post2-cu129 python3 -m sglang.launch_server --model-path m/x --tp 8 --dp 8 --enable-dp-attention --ep 8", "data_parallel: 8")]
    [InlineData("python -m sglang.launch_server --model-path m/x --dp-size 4", "replicas: 4")]
    [InlineData("python -m sglang.launch_server --model-path m/x --chunked-prefill-size -1", "chunked_prefill_size: -1")]
    [InlineData("trtllm-serve m/x --tp_size 4 --max_batch_size 64 --kv_cache_free_gpu_memory_fraction 0.8", "free_gpu_memory_fraction: 0.8")]
    public void Read_FlagsOfEveryForm_BecomeKeys(string command, string key) =>
        Assert.Contains(key, DeployTexts.Import(new ImportChoices("h100-sxm"), ("a.sh", command)).Yaml, StringComparison.Ordinal);

    [Fact]
    public void Read_WhatIsNotUnderstood_IsToldWithItsPlace()
    {
        var result = DeployTexts.Import(new ImportChoices("h100-sxm"), ("a.sh", "frobnicate\nvllm serve m/x \\\n  --cpu-offload-gb 4 \\\n  --speculative-config '{\"method\":\"eagle3\",\"num_speculative_tokens\":3}'\n"));
        Assert.Contains("a.sh:1:1: the command 'frobnicate' is not understood", result.Warnings);
        Assert.Contains("a.sh:3:3: --cpu-offload-gb 4 is not understood", result.Warnings);
        Assert.Contains(result.Warnings, w => w.Contains("how many are accepted", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_TwoReplicasAndARouter_AreOnePoolOfTwo()
    {
        var result = DeployTexts.Import(new ImportChoices("h100-sxm"), ("a.sh", """
            vllm serve Qwen/Qwen3-8B --port 8000 &
            vllm serve Qwen/Qwen3-8B --port 8001 &
            vllm-router --port 80 --service-discovery static --static-backends http://a:8000,http://a:8001 --static-models Qwen/Qwen3-8B,Qwen/Qwen3-8B --routing-logic prefixaware
            """));
        var scenario = DeployTexts.Resolve(result.Yaml);
        Assert.Equal((1, 2, "production_stack_prefixaware"), (scenario.Pools.Count, scenario.Pools[0].Replicas, scenario.Routing.Policy.Name));
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void Read_DynamoOfBothSides_FindsRolesReplicasAndGpus()
    {
        var result = DeployTexts.Import(new ImportChoices(), ("a.yaml", """
            apiVersion: nvidia.com/v1alpha1
            kind: DynamoGraphDeployment
            metadata: {name: pd}
            spec:
              services:
                Frontend:
                  componentType: frontend
                  envs: [{name: DYN_ROUTER_MODE, value: kv}]
                  extraPodSpec: {mainContainer: {image: nvcr.io/nvidia/ai-dynamo/vllm-runtime:1.2.0}}
                Decode:
                  componentType: worker
                  subComponentType: decode
                  replicas: 2
                  resources: {limits: {gpu: "4"}}
                  extraPodSpec:
                    nodeSelector: {nvidia.com/gpu.product: NVIDIA-H200}
                    mainContainer: {command: [python3, -m, dynamo.vllm], args: [--model, meta-llama/Llama-3.1-70B, --tensor-parallel-size, "4"]}
                Prefill:
                  componentType: worker
                  replicas: 3
                  resources: {limits: {gpu: "2"}}
                  extraPodSpec:
                    nodeSelector: {nvidia.com/gpu.product: NVIDIA-H200}
                    mainContainer: {command: [/bin/sh, -c], args: ["python3 -m dynamo.vllm --model meta-llama/Llama-3.1-70B --tensor-parallel-size 2 --is-prefill-worker"]}
            """));
        var scenario = DeployTexts.Resolve(result.Yaml);
        Assert.Equal(["Decode 2 x 4 h200-sxm", "Prefill 3 x 2 h200-sxm"], scenario.Pools.Select(p => $"{p.Role} {p.Replicas} x {p.GpusPerReplica} {p.Target!.Gpu.Name}"));
        Assert.Equal("dynamo_kv", scenario.Routing.Policy.Name);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void Read_GpusThatDoNotFitTheLayout_AreTold()
    {
        var result = DeployTexts.Import(new ImportChoices("h100-sxm"), ("a.yaml", """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: x}
            spec:
              replicas: 2
              template:
                spec:
                  containers:
                    - name: e
                      image: vllm/vllm-openai:v0.11.0
                      args: [--model, Qwen/Qwen3-8B]
                      resources: {limits: {nvidia.com/gpu: "2"}}
            """));
        Assert.Contains(result.Warnings, w => w.Contains("2 GPUs are asked for, and the layout uses 1", StringComparison.Ordinal));
        Assert.Equal(PoolRole.Aggregated, DeployTexts.Resolve(result.Yaml).Pools[0].Role);
    }

    [Theory]
    [InlineData("echo hello", "starts no engine")]
    [InlineData("vllm serve m/x", "on which GPU")]
    [InlineData("vllm serve --port 1", "which model")]
    [InlineData("", "starts no engine")]
    public void Read_TooLittle_IsAProblemWithAFix(string text, string message) =>
        Assert.Contains(Assert.Throws<InputException>(() => DeployTexts.Import(new ImportChoices(), ("a.sh", text))).Problems, p => p.Message.Contains(message, StringComparison.Ordinal) && p.Fix is not null);
}
