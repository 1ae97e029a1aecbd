using Foretoken.Accuracy.Silicon;

namespace Foretoken.Tests.Accuracy;

/// <summary>Small files of measurements. The measured times are made up.</summary>
internal static class Measurements
{
    public const string PointHeader =
        "id,source,system,backend,backend_version,model,precision,gemm_dtype,moe_dtype,isl,osl,length_range_ratio,concurrency,num_prompts,tensor_parallel,attention_dp,moe_tensor_parallel,moe_expert_parallel,measured_ttft_ms,measured_tpot_ms";

    public const string StageHeader =
        "variant,stage,model,system,gpus,backend,backend_version,precision,gpu_memory_utilization,max_model_len,arrivals,stage_seconds,client_concurrency_cap,shared_prefix_groups,shared_prefix_tokens,question_tokens,output_tokens,ignore_eos,max_num_seqs,enable_prefix_caching,enable_chunked_prefill,spec_method,num_speculative_tokens,requested_rps,served_rps,prompt_tokens_mean,output_tokens_mean,ttft_mean_ms,e2e_mean_ms,tpot_mean_ms";

    public static readonly string Points = string.Join('\n',
        PointHeader,
        "a,inferencex,h100_sxm,vllm,0.12.0,meta-llama/Llama-3.1-8B,bf16,bfloat16,bfloat16,512,64,0.8,4,40,1,1,1,1,20,7",
        "b,inferencex,h100_sxm,vllm,0.12.0,meta-llama/Llama-3.1-8B,bf16,bfloat16,bfloat16,512,64,0.8,32,320,1,1,1,1,60,9",
        "c,inferencex,b200_sxm,sglang,0.5.9,deepseek-ai/DeepSeek-V3,fp8,fp8_block,fp8_block,512,32,1.0,8,80,8,1,8,1,100,12",
        "d,inferencex,h200_sxm,trtllm,1.2.0rc2,meta-llama/Llama-3.1-70B,fp8,fp8,fp8,512,32,0.8,8,80,4,1,1,1,80,9",
        "e,inferencex,h100_sxm,vllm,0.12.0,meta-llama/Llama-3.1-405B,bf16,bfloat16,bfloat16,512,64,0.8,4,40,1,1,1,1,20,7",
        "f,inferencex,tpu-v9,vllm,0.12.0,nobody/Nothing-1B,bf16,bfloat16,bfloat16,512,64,0.8,4,40,1,1,1,1,20,7") + "\n";

    public static string Stage(int number, double asked, double served, string variant = "one") =>
        FormattableString.Invariant($"{variant},{number},meta-llama/Llama-3.1-8B-Instruct,h100_sxm,1,vllm,0.11.0,bf16,0.9,512,constant,20,440,10,128,64,64,true,128,false,false,,0,{asked},{served},204,63,30,500,8");

    public static SiliconFile Read(string text) => SiliconFile.Read("m.csv", new StringReader(text));
}
